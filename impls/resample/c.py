from bench import impl

VARIANTS = {quality: {"quality": quality} for quality in ("low", "fast", "hq", "vhq")}
VARIANTS |= {f"{quality}:reused": {"quality": quality, "reuse": True} for quality in ("low", "hq")}
VARIANTS |= {f"{quality}:avx2": {"quality": quality, "isa": "avx2"} for quality in ("low", "hq")}


@impl("resample", requires="audiokern", variants=VARIANTS)
def c(case, quality, reuse=False, isa="auto"):
    """This project's own: ``low`` has torchaudio's filter; 100, 125 and 150 dB for the others."""
    from audiokern.resample import Resampler

    from impls._audiokern import op, options

    return op(Resampler(case.source_rate, case.target_rate, quality, **options(case, isa)), reuse)
