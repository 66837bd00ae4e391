from bench import Unsupported, impl


@impl("quantize", requires="impls._cuda", extra="cuda", devices=("cuda",))
def cuda(case):
    """This project's own mu-law kernels."""
    import numpy as np

    from impls._cuda import Context
    from suites.quantize import value_table

    if case.format != "mulaw":
        raise Unsupported(f"the kernels do mu-law, not {case.format}")
    gpu, values = Context(case.device), value_table("mulaw").astype("f")

    def call(name, dtype, *table):
        def run(x):
            out, count = gpu.empty(x.shape, dtype), int(np.prod(x.shape))
            kernel((min(4096, -(-count // 1024)),), 0, x, np.uint64(count), *table, out)
            return out

        kernel = gpu.kernel("mulaw.cu", name)
        return gpu.op(run)

    return {"encode": call("mulaw_encode", np.uint8), "decode": call("mulaw_decode", np.float32, gpu.upload(values))}
