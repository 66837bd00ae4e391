from bench import impl


@impl("stft", requires="numpy")
def numpy(case):
    import numpy as np

    from suites.stft import hann

    n, hop, half = case.n_fft, case.hop_length, case.n_fft // 2 if case.center else 0
    window = hann(n).astype(np.float32)

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        return np.fft.rfft(np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, ::hop] * window)

    return forward
