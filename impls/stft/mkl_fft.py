from bench import impl


@impl("stft", requires="mkl_fft", extra="intel")
def mkl_fft(case, block=256):
    """Intel MKL; blocks of ``block`` frames, so that the windowed frames stay in cache."""
    import numpy as np
    from mkl_fft import rfft

    from suites.stft import hann

    n, hop, half = case.n_fft, case.hop_length, case.n_fft // 2 if case.center else 0
    window, buffer = hann(n).astype(np.float32), np.empty((block, n), np.float32)

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, ::hop]
        spectrum = np.empty((*frames.shape[:2], n // 2 + 1), np.complex64)
        for source, target in zip(frames, spectrum, strict=True):
            for i in range(0, len(source), block):
                piece = np.multiply(source[i : i + block], window, out=buffer[: len(source) - i])
                rfft(piece, out=target[i : i + block])
        return spectrum

    return forward
