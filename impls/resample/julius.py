from bench import Op, impl


@impl("resample", requires="julius", extra="torch")
def julius(case):
    import torch
    from julius import ResampleFrac

    resample = ResampleFrac(case.source_rate, case.target_rate)
    return Op(lambda x: resample(x, full=True), torch.from_numpy, torch.Tensor.numpy)
