from bench import Op, impl


@impl("fft", requires="mkl_fft", extra="intel")
def mkl_fft(case):
    import numpy as np
    from mkl_fft import irfft, rfft

    spectra, rows = np.empty((case.batch, case.n // 2 + 1), np.complex64), np.empty((case.batch, case.n), np.float32)
    return {
        "forward": Op(lambda x: rfft(x, out=spectra), finish=np.copy),
        "inverse": Op(lambda s: irfft(s, case.n, out=rows), finish=np.copy),
    }
