from bench import Unsupported, impl


@impl("vq", requires="impls._cuda", extra="cuda", devices=("cuda",))
def cuda(case):
    """This project's own residual search, all stages in one kernel, in fp32."""
    import numpy as np

    from impls._cuda import Context
    from impls.vq._cuda import tables

    if case.quantizer not in ("kmeans", "residual") or case.dim % 4:
        raise Unsupported(f"the kernel searches codebooks of 4, 8, ... dimensions, not {case.quantizer} of {case.dim}")
    gpu = Context(case.device)
    (stages, size, dim), constant = tables(gpu, case)
    sizes = {"DIM": dim, "SIZE": size, "STAGES": stages, "VECTORS": 32, "CODES": 32}
    shared = 4 * 64 * (dim + 4) + 32 * 32
    kernel = gpu.kernel("vq.cu", "rvq", most_shared=shared, **sizes)

    def encode(x):
        out = gpu.empty((stages, x.shape[0]), np.int32)
        kernel((-(-x.shape[0] // 32),), shared, x, np.int32(x.shape[0]), *constant, out, threads=128)
        return out

    return {"encode": gpu.op(encode)}
