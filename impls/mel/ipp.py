from bench import Unsupported, impl


@impl("mel", requires="impls._ipp", extra="intel")
def ipp(case):
    """Intel IPP's FFT in a fused loop that Numba compiles: window, transform, power, bands, 16 frames at a time."""
    import numpy as np

    from impls._ipp import RealFft, mel
    from impls.mel._numpy import all_ops
    from suites.mel import PRESETS, filterbank, frames, window

    if case.preset == "kaldi":
        raise Unsupported("IPP has no Kaldi front end")
    p, left = PRESETS[case.preset], PRESETS[case.preset].n_fft // 2
    loop = mel(RealFft(p.n_fft), window(p), p.hop_length, left, filterbank(p), p.power, case.threads)

    def energies(x):
        out = np.empty((len(x), frames(case), p.n_mels), np.float32)
        loop(x, out)
        return out

    return all_ops(case, energies)
