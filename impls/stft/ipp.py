from bench import Op, impl


@impl("stft", requires="impls._ipp", extra="intel", variants={"": {}, "reused": {"reuse": True}})
def ipp(case, reuse=False):
    """Intel IPP's FFT in a loop over the frames that Numba compiles: window, transform, nothing else."""
    import numpy as np

    from impls._ipp import RealFft, stft
    from suites.stft import frames, hann

    shape, left = (case.batch, frames(case), case.n_fft // 2 + 1), case.n_fft // 2 if case.center else 0
    loop = stft(RealFft(case.n_fft), hann(case.n_fft), case.hop_length, left, case.threads)
    kept = np.empty(shape, np.complex64) if reuse else None

    def forward(x):
        spectra = kept if reuse else np.empty(shape, np.complex64)
        loop(x, spectra)
        return spectra

    return {"forward": Op(forward, finish=np.copy if reuse else lambda spectra: spectra)}
