from bench import impl


@impl("load", requires=("torchaudio", "torchcodec"), extra="loading")
def torchaudio(case):
    """``torchaudio.load``, which hands the work to torchcodec; Opus comes at 48 kHz, and is resampled."""
    import torchaudio as ta

    scale = 48000 // case.sample_rate if case.format == "opus" else 1

    def read(path, start, frames):
        samples, rate = ta.load(path, start * scale, -1 if frames is None else frames * scale)
        return (samples if rate == case.sample_rate else ta.functional.resample(samples, rate, case.sample_rate))[0]

    return {"decode": read}
