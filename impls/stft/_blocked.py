"""A forward transform that takes a block of frames at a time, so that the windowed frames stay in cache."""

import numpy as np

from suites.stft import hann

BLOCK = 256  # frames


def blocked(case, rfft):
    """``forward`` of a case; ``rfft(piece, out)`` transforms the rows of ``piece``, float32, into those of ``out``."""
    n, hop, half = case.n_fft, case.hop_length, case.n_fft // 2 if case.center else 0
    window, buffer = hann(n).astype(np.float32), np.empty((BLOCK, n), np.float32)

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, ::hop]
        spectrum = np.empty((*frames.shape[:2], n // 2 + 1), np.complex64)
        for source, target in zip(frames, spectrum, strict=True):
            for i in range(0, len(source), BLOCK):
                piece = np.multiply(source[i : i + BLOCK], window, out=buffer[: len(source) - i])
                rfft(piece, target[i : i + BLOCK])
        return spectrum

    return forward
