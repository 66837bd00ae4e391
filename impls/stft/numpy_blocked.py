from bench import impl


@impl("stft", name="numpy:blocked", requires="numpy")
def numpy_blocked(case):
    """As ``numpy``, but a block of frames at a time."""
    from numpy.fft import rfft

    from impls.stft._blocked import blocked

    return blocked(case, lambda piece, out: rfft(piece, out=out))
