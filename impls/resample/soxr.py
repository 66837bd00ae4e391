from bench import Op, impl


@impl("resample", requires="soxr", variants={quality: {"quality": quality} for quality in ("QQ", "LQ", "HQ", "VHQ")})
def soxr(case, quality):
    """QQ is cubic interpolation; LQ keeps 16 bits, HQ 20 and VHQ 28."""
    import soxr

    from suites.resample import fit

    # Columns are channels; a transposed array is soxr's own layout of separate channels, not a copy
    run = lambda x: soxr.resample(x, case.source_rate, case.target_rate, quality)
    return Op(run, lambda x: x.T, lambda y: fit(y.T, case))
