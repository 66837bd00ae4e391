from bench import Op, impl


@impl("fft", requires="pyfftw")
def pyfftw(case):
    """Plans measured by FFTW; the input is copied to where they want it by ``prepare``."""
    import numpy as np
    import pyfftw

    spectra, rows = (case.batch, case.n // 2 + 1), (case.batch, case.n)
    settings = {"axes": (1,), "flags": ("FFTW_MEASURE",), "threads": case.threads}

    def op(direction, source, target):
        plan = pyfftw.FFTW(
            pyfftw.empty_aligned(*source), pyfftw.empty_aligned(*target), direction=direction, **settings
        )
        return Op(lambda x: plan(x), pyfftw.byte_align, np.copy)  # the inverse is scaled by the call

    forward = op("FFTW_FORWARD", (rows, "float32"), (spectra, "complex64"))
    return {"forward": forward, "inverse": op("FFTW_BACKWARD", (spectra, "complex64"), (rows, "float32"))}
