from bench import impl

HOWS = {how: {"how": how} for how in ("compile", "graph", "pinned")}


@impl("mel", name="torch", requires="torch", extra="torch", devices=("cuda",), variants=HOWS)
def torch_gpu(case, how):
    """Compiled; captured as a CUDA graph; uploaded from page-locked memory."""
    from impls.mel._torch import ops

    return ops(case, how)
