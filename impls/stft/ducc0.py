from bench import impl


@impl("stft", requires="ducc0")
def ducc0(case):
    """A block of frames at a time."""
    from ducc0.fft import r2c

    from impls.stft._blocked import blocked

    return blocked(case, lambda piece, out: r2c(piece, axes=(1,), out=out, nthreads=case.threads))
