from bench import Unsupported, impl


@impl("vq", name="cuda:sieve", requires="impls._cuda", extra="cuda", devices=("cuda",))
def cuda_sieve(case):
    """This project's own residual search: float16 products rule out all codewords but a few, compared in fp32."""
    import numpy as np

    from impls._cuda import Context
    from impls.vq._cuda import sieve_tables

    if case.quantizer not in ("kmeans", "residual") or case.dim % 16 or case.dim > 256:
        raise Unsupported(f"it searches codebooks of 16, 32, ... 256 dimensions, not {case.quantizer} of {case.dim}")
    gpu, shared = Context(case.device), 4 * 128 * case.dim
    if int(gpu.arch.removeprefix("sm_")) < 80 or shared > gpu.shared_limit:
        raise Unsupported(f"{gpu.arch} lacks the kernel's tensor instructions or {shared} bytes of shared memory")
    (stages, size, dim), constant = sieve_tables(gpu, case)
    kernel = gpu.kernel("vq_sieve.cu", "rvq_sieve", most_shared=shared, DIM=dim, SIZE=size, STAGES=stages)

    def encode(x):
        out = gpu.empty((stages, x.shape[0]), np.int32)
        kernel((-(-x.shape[0] // 128),), shared, x, np.int32(x.shape[0]), *constant, out, threads=128)
        return out

    return {"encode": gpu.op(encode)}
