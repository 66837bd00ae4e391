from bench import Unsupported, impl

OUTPUTS = {"": {}, **{name: {"output": name} for name in ("float16", "bfloat16")}}


@impl("stft", requires="impls._cuda", extra="cuda", devices=("cuda",), variants=OUTPUTS)
def cuda(case, output="float32"):
    """This project's own kernels; variants write spectra in 16 bits."""
    from impls._cuda import Context, smooth
    from impls.stft._cuda import forward, inverse

    if not smooth(case.n_fft) or case.n_fft < 3:
        raise Unsupported(f"n_fft={case.n_fft} is below 3 or has a prime factor above 5")
    gpu = Context(case.device)
    ops = {"forward": gpu.op(forward(gpu, case, output), output)}
    back = case.n_fft % 2 == 0 and output == "float32"
    return ops | ({"inverse": gpu.op(inverse(gpu, case))} if back else {})
