from bench import impl


@impl("load", requires="librosa", extra="dsp")
def librosa(case):
    """``librosa.load`` at the file's own rate."""
    import librosa as lr

    rate = case.sample_rate

    def read(path, start, frames):
        duration = None if frames is None else (frames + 0.5) / rate  # librosa cuts off what is behind the point
        return lr.load(path, sr=None, offset=(start + 0.5) / rate, duration=duration)[0]

    return {"decode": read}
