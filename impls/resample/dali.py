from bench import Op, impl


@impl("resample", requires="nvidia.dali", extra="dali", variants={f"q{q}": {"quality": q} for q in (50, 100)})
def dali(case, quality):
    """Interpolates with a windowed sinc as wide as the input's band: when downsampling, nothing stops aliases."""
    from nvidia.dali import Pipeline, fn

    from suites.resample import fit

    rates = {"in_rate": case.source_rate, "out_rate": case.target_rate}
    with Pipeline(case.batch, case.threads, device_id=None, prefetch_queue_depth=1) as pipe:
        x = fn.external_source(name="x", no_copy=True)
        pipe.set_outputs(fn.audio_resample(x, quality=float(quality), **rates))
    return Op(lambda rows: pipe.run(x=rows)[0], list, lambda y: fit(y.as_array(), case).copy())
