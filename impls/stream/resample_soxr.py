from bench import impl

QUALITIES = {"": {"quality": "HQ"}, "VHQ": {"quality": "VHQ"}, "QQ": {"quality": "QQ"}}


@impl("stream", name="resample:soxr", requires="soxr", variants=QUALITIES)
def resample_soxr(case, quality):
    import soxr

    from impls.stream._resampling import rates, resampling

    source, target = rates(case)

    def opened():
        one = soxr.ResampleStream(source, target, 1, "float32", quality)
        return lambda x: one.resample_chunk(x[0])[None]

    return resampling(case, opened, lambda x: soxr.resample(x[0], source, target, quality)[None], tolerance=1e-5)
