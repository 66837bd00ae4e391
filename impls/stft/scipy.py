from bench import impl


@impl("stft", requires="scipy", variants={"": {"block": 1 << 30}, "blocked": {"block": 256}})
def scipy(case, block):
    import numpy as np
    from scipy.fft import rfft

    from suites.stft import hann

    n, hop, half = case.n_fft, case.hop_length, case.n_fft // 2 if case.center else 0
    window, settings = hann(n).astype(np.float32), {"overwrite_x": True, "workers": case.threads}

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, ::hop]
        step = max(1, block // len(x))  # blocked: as many frames as stay in cache
        if frames.shape[1] <= step:
            return rfft(frames * window, **settings)
        spectrum = np.empty((*frames.shape[:2], n // 2 + 1), np.complex64)
        for i in range(0, frames.shape[1], step):
            spectrum[:, i : i + step] = rfft(frames[:, i : i + step] * window, **settings)
        return spectrum

    return forward
