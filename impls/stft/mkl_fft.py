from bench import impl


@impl("stft", requires="mkl_fft", extra="intel")
def mkl_fft(case):
    """Intel MKL, a block of frames at a time."""
    from mkl_fft import rfft

    from impls.stft._blocked import blocked

    return blocked(case, lambda piece, out: rfft(piece, out=out))
