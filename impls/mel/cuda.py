from bench import Unsupported, impl


@impl("mel", requires="impls._cuda", extra="cuda", devices=("cuda",))
def cuda(case):
    """This project's own fused kernel: samples in, mels out, nothing else in memory."""
    from impls._cuda import Context
    from impls.mel._cuda import fused

    if case.preset == "kaldi":
        raise Unsupported("the kernel has no Kaldi front end; see torchaudio:kaldi")
    gpu = Context(case.device)
    return {op: gpu.op(fused(gpu, case, log)) for op, log in (("mel", False), ("log_mel", True))}
