from bench import impl


@impl("stft", requires=("nvmath.fft", "cupy"), extra="cupy", devices=("cuda",))
def nvmath(case):
    """cuFFT through nvmath-python, planned once, between kernels of our own for frames and overlap."""
    from impls._cupy import use

    use(case)
    from impls._nvmath import forward, inverse
    from impls.stft._cupy import ops
    from suites.stft import frames

    shape = case.batch, frames(case), case.n_fft
    return ops(case, True, forward(shape), inverse(shape))
