from bench import Unsupported, impl


@impl("load", requires="wave")
def wave(case):
    """The standard library's."""
    import wave as wav

    import numpy as np

    if case.format != "wav":
        raise Unsupported("the module wave reads WAV only")

    def read(path, start, frames):
        with wav.open(path) as file:
            file.setpos(start)
            samples = file.readframes(file.getnframes() if frames is None else frames)
        return np.frombuffer(samples, np.int16) * np.float32(2**-15)

    return {"decode": read}
