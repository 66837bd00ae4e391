from bench import impl


@impl("resample", requires="impls._cuda", extra="cuda", devices=("cuda",), variants={"low": {}, "hq": {"hq": True}})
def cuda(case, hq=False):
    """This project's own polyphase kernel: ``low`` has torchaudio's default filter, ``hq`` 125 dB."""
    from impls._cuda import Context
    from impls.resample._cuda import polyphase

    gpu = Context(case.device)
    return gpu.op(polyphase(gpu, case, hq))
