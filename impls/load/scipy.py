from bench import Unsupported, impl


@impl("load", requires="scipy.io.wavfile")
def scipy(case):
    """``wavfile.read``; a part of a file through its ``mmap``."""
    import numpy as np
    from scipy.io import wavfile

    if case.format != "wav":
        raise Unsupported("scipy.io.wavfile reads WAV only")

    def read(path, start, frames):
        samples = wavfile.read(path, mmap=frames is not None)[1]
        return samples[start : None if frames is None else start + frames] * np.float32(2**-15)

    return {"decode": read}
