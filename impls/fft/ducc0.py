from bench import Op, impl


@impl("fft", requires="ducc0")
def ducc0(case):
    import numpy as np
    from ducc0.fft import c2r, r2c

    settings, scaled = {"axes": (1,), "nthreads": case.threads}, {"lastsize": case.n, "forward": False, "inorm": 2}
    spectra, rows = np.empty((case.batch, case.n // 2 + 1), np.complex64), np.empty((case.batch, case.n), np.float32)
    return {
        "forward": Op(lambda x: r2c(x, out=spectra, **settings), finish=np.copy),
        "inverse": Op(lambda s: c2r(s, out=rows, **scaled, **settings), finish=np.copy),
    }
