from bench import impl


@impl("stft", requires="scipy")
def scipy(case):
    import numpy as np
    import scipy.fft

    from suites.stft import hann

    n, hop, half = case.n_fft, case.hop_length, case.n_fft // 2 if case.center else 0
    window = hann(n).astype(np.float32)

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, ::hop] * window
        return scipy.fft.rfft(frames, overwrite_x=True, workers=case.threads)

    return forward
