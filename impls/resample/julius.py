from bench import impl


@impl("resample", requires="julius", extra="torch", devices=("cpu", "cuda"))
def julius(case):
    from julius import ResampleFrac

    from impls._torch import device, op

    resample = ResampleFrac(case.source_rate, case.target_rate).to(device(case))
    return op(case, lambda x: resample(x, full=True))
