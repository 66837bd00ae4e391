from bench import impl


@impl("fft", requires=("nvmath.fft", "cupy"), extra="cupy", devices=("cuda",))
def nvmath(case):
    """cuFFT through nvmath-python: a planned transform that is given new operands. Its inverse copies the input."""
    import cupy as cp
    from nvmath.fft import FFT

    from impls._cupy import op, use

    use(case)

    def planned(example, direction, **options):
        fft = FFT(example, axes=(1,), options=options)
        fft.plan(direction=direction)
        return lambda x: (fft.reset_operand(x), fft.execute(direction=direction))[1]

    parity = "odd" if case.n % 2 else "even"
    forward = planned(cp.zeros((case.batch, case.n), "f"), "forward", fft_type="R2C")
    bins = cp.zeros((case.batch, case.n // 2 + 1), "F")
    inverse = planned(bins, "inverse", fft_type="C2R", last_axis_parity=parity)
    return {"forward": op(forward), "inverse": op(lambda s: inverse(s) * (1 / case.n))}
