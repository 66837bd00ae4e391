from bench import impl

QUALITIES = {f"q{q}": {"quality": q} for q in (50, 100)}


@impl("resample", requires="nvidia.dali", extra="dali", devices=("cpu", "cuda"), variants=QUALITIES)
def dali(case, quality):
    """Interpolates with a windowed sinc as wide as the input's band: when downsampling, nothing stops aliases."""
    from nvidia.dali import fn

    from impls._dali import op, pipeline, rows
    from suites.resample import fit

    rates = {"in_rate": case.source_rate, "out_rate": case.target_rate}
    with pipeline(case) as pipe:
        pipe.set_outputs(fn.audio_resample(rows(case), quality=float(quality), **rates))
    return op(case, pipe, lambda y: fit(y, case))
