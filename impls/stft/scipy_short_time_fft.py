from bench import Op, impl


@impl("stft", name="scipy:short_time_fft", requires="scipy")
def scipy_short_time_fft(case):  # works in complex128, one frame a Python iteration
    import numpy as np
    from scipy.signal import ShortTimeFFT

    from suites.stft import frames, hann, samples

    stft = ShortTimeFFT(hann(case.n_fft), case.hop_length, case.sample_rate, phase_shift=None)
    offset, earlier = 0 if case.center else stft.m_num_mid, ((0, 0), (0, 0), (-stft.p_min, 0))

    def forward(x):
        return stft.stft(x, 0, frames(case), k_offset=offset, padding="even")

    def from_first_slice(s):  # the inverse counts slices from the first that touches the signal
        return np.pad(s.swapaxes(1, 2), earlier)

    ops = {"forward": Op(forward, finish=lambda s: s.swapaxes(1, 2).astype(np.complex64))}
    if case.center:  # its dual window assumes slices beyond either end: `covered` is what those here add up to
        windows = np.broadcast_to(np.fft.rfft(stft.win), (1, frames(case), case.n_fft // 2 + 1))
        covered = stft.istft(from_first_slice(windows), k1=samples(case))
        inverse = Op(lambda s: stft.istft(s, k1=samples(case)) / covered, from_first_slice, lambda x: x.astype("f"))
    return ops | {"inverse": inverse} if case.center else ops
