from bench import impl

PRESETS = ("low", "fast", "hq", "vhq")


@impl("resample", requires="audiokern", variants={quality: {"quality": quality} for quality in PRESETS})
def c(case, quality):
    """This project's own: ``low`` has torchaudio's filter; 100, 125 and 150 dB for the others."""
    from audiokern.resample import Resampler

    return Resampler(case.source_rate, case.target_rate, quality, case.threads)
