from bench import Unsupported, impl


@impl("vq", name="cuda:tc", requires="impls._cuda", extra="cuda", devices=("cuda",))
def cuda_tc(case):
    """This project's own residual search on tensor cores: three TF32 products for each fp32 product."""
    import numpy as np

    from impls._cuda import Context
    from impls.vq._cuda import tables

    if case.quantizer not in ("kmeans", "residual") or case.dim % 8:
        raise Unsupported(f"the kernel searches codebooks of 8, 16, ... dimensions, not {case.quantizer} of {case.dim}")
    gpu, shared = Context(case.device), 4 * 32 * (case.dim + 4)
    if int(gpu.arch.removeprefix("sm_")) < 80:
        raise Unsupported(f"tensor cores of {gpu.arch} know no TF32; see cuda")
    (stages, size, dim), constant = tables(gpu, case)
    kernel = gpu.kernel("vq_tc.cu", "rvq_tc", most_shared=shared, DIM=dim, SIZE=size, STAGES=stages, CODES=32)

    def encode(x):
        out = gpu.empty((stages, x.shape[0]), np.int32)
        kernel((-(-x.shape[0] // 64),), shared, x, np.int32(x.shape[0]), *constant, out, threads=128)
        return out

    return {"encode": gpu.op(encode)}
