from bench import Op, impl

VARIANTS = {name: {"converter": name} for name in ("sinc_best", "sinc_medium", "sinc_fastest")}


@impl("resample", requires="samplerate", extra="dsp", variants=VARIANTS)
def samplerate(case, converter):
    import numpy as np
    import samplerate

    from suites.resample import fit

    ratio = case.target_rate / case.source_rate
    run = lambda x: [samplerate.resample(row, ratio, converter) for row in x]
    return Op(run, finish=lambda rows: fit(np.stack(rows), case))
