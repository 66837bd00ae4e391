from bench import Op, impl

VARIANTS = {name: {"filter": name} for name in ("kaiser_best", "kaiser_fast")}


@impl("resample", requires="resampy", extra="dsp", variants=VARIANTS)
def resampy(case, filter):
    import resampy

    from suites.resample import fit

    rates = case.source_rate, case.target_rate
    run = lambda x: resampy.resample(x, *rates, filter=filter, parallel=case.threads > 1)
    return Op(run, finish=lambda y: fit(y, case))
