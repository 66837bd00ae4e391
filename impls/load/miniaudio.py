from bench import Unsupported, impl


@impl("load", requires="miniaudio", extra="loading")
def miniaudio(case):
    """A part of a file by ``stream_file``, which seeks."""
    import numpy as np
    from miniaudio import SampleFormat, decode_file, stream_file

    if case.format == "opus":
        raise Unsupported("miniaudio reads WAV, FLAC, MP3 and Vorbis, no Opus")
    wanted = {"output_format": SampleFormat.FLOAT32, "nchannels": 1, "sample_rate": case.sample_rate}

    def read(path, start, frames):
        if frames is None:
            return np.frombuffer(decode_file(path, **wanted).samples, np.float32)
        stream = stream_file(path, **wanted, frames_to_read=frames, seek_frame=start)
        return np.frombuffer(next(stream), np.float32)

    return {"decode": read}
