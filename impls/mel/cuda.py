from bench import impl


@impl("mel", requires="impls._cuda", extra="cuda", devices=("cuda",))
def cuda(case):
    """This project's own fused kernel: samples in, mels out, nothing else in memory."""
    from impls._cuda import Context
    from impls.mel._cuda import fused

    gpu = Context(case.device)
    wanted = {"fbank": True} if case.preset == "kaldi" else {"mel": False, "log_mel": True}
    return {op: gpu.op(fused(gpu, case, log)) for op, log in wanted.items()}
