from bench import Op, impl


@impl("fft", requires="impls._ipp", extra="intel")
def ipp(case):
    """Intel IPP in a loop over the rows that Numba compiles."""
    import numpy as np

    from impls._ipp import RealFft, rows

    fft = RealFft(case.n)

    def op(inverse, out):
        call, floats = rows(fft, inverse, case.threads), out.view(np.float32)
        return Op(lambda x: (call(x, floats), out)[1], lambda x: x.view(np.float32), np.copy)

    forward = op(False, np.empty((case.batch, fft.bins), np.complex64))
    return {"forward": forward, "inverse": op(True, np.empty((case.batch, case.n), np.float32))}
