from bench import impl


@impl("fft", requires="cupy", extra="cupy", devices=("cuda",))
def cupy(case):
    """cuFFT through cupy.fft, which keeps its plans and makes a new array for each answer."""
    from cupy.fft import irfft, rfft

    from impls._cupy import op, use

    use(case)
    return {"forward": op(rfft), "inverse": op(lambda s: irfft(s, case.n))}
