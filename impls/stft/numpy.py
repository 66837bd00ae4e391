from bench import impl


@impl("stft", requires="numpy")
def numpy(case):
    import numpy as np

    from suites.stft import frames, hann, inverse_length

    n, hop, half = case.n_fft, case.hop_length, case.n_fft // 2 if case.center else 0
    window = hann(n).astype(np.float32)

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        return np.fft.rfft(np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, ::hop] * window)

    def overlap_add(pieces):  # one addition of whole arrays for each hop that a frame spans
        out = np.zeros((len(pieces), frames(case) + (n - 1) // hop, hop), np.float32)
        for i, start in enumerate(range(0, n, hop)):
            out[:, i : i + frames(case), : n - start] += pieces[:, :, start : start + hop]
        return out.reshape(len(pieces), -1)[:, half : half + inverse_length(case)]

    scale = 1 / np.maximum(overlap_add(np.broadcast_to(window**2, (1, frames(case), n))), 1e-11)
    return {"forward": forward, "inverse": lambda s: overlap_add(np.fft.irfft(s, n) * window) * scale}
