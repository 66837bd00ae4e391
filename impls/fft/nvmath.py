from bench import impl


@impl("fft", requires=("nvmath.fft", "cupy"), extra="cupy", devices=("cuda",))
def nvmath(case):
    """cuFFT through nvmath-python: a planned transform that is given new operands. Its inverse copies the input."""
    from impls._cupy import op, use

    use(case)
    from impls._nvmath import forward, inverse

    shape = case.batch, case.n
    back = inverse(shape)
    return {"forward": op(forward(shape)), "inverse": op(lambda s: back(s) * (1 / case.n))}
