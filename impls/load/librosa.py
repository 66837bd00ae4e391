from bench import impl


@impl("load", requires="librosa", extra="dsp")
def librosa(case):
    """``librosa.load`` at the file's own rate."""
    import librosa as lr

    rate = case.sample_rate

    def read(path, start, frames):
        return lr.load(path, sr=None, offset=start / rate, duration=None if frames is None else frames / rate)[0]

    return {"decode": read}
