from bench import Op, impl


@impl("fft", requires="impls._ipp", extra="intel")
def ipp(case):
    """Intel IPP in a loop over the rows that Numba compiles."""
    import numpy as np

    from impls._ipp import RealFft, rows

    fft = RealFft(case.n)

    def op(inverse, out):
        call = rows(fft, inverse, case.threads)
        return Op(lambda x: (call(x, out), out)[1], finish=np.copy)

    forward = op(False, np.empty((case.batch, fft.bins), np.complex64))
    return {"forward": forward, "inverse": op(True, np.empty((case.batch, case.n), np.float32))}
