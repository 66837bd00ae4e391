from bench import Unsupported, impl


@impl("stft", requires="impls._cuda", extra="cuda", devices=("cuda",))
def cuda(case):
    """This project's own kernels."""
    from impls._cuda import Context, smooth
    from impls.stft._cuda import forward, inverse

    if not smooth(case.n_fft):
        raise Unsupported(f"n_fft={case.n_fft} has a prime factor above 5")
    gpu = Context(case.device)
    ops = {"forward": gpu.op(forward(gpu, case))}
    return ops | ({"inverse": gpu.op(inverse(gpu, case))} if case.n_fft % 2 == 0 else {})
