from bench import impl

CONVERTERS = {name: {"converter": name} for name in ("sinc_best", "sinc_fastest")}


@impl("stream", name="resample:samplerate", requires="samplerate", extra="dsp", variants=CONVERTERS)
def resample_samplerate(case, converter):
    import samplerate

    from impls.stream._resampling import rates, resampling

    source, target = rates(case)

    def opened():
        one = samplerate.Resampler(converter, 1)
        return lambda x: one.process(x[0], target / source)[None]

    return resampling(case, opened, lambda x: samplerate.resample(x[0], target / source, converter)[None])
