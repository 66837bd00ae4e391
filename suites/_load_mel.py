"""What `features=log_mel` means, and whether a crop's is right."""

from __future__ import annotations

import numpy as np

from bench import Check

N_FFT, HOP_LENGTH, N_MELS, FLOOR = 400, 160, 80, 1e-10
TOLERANCE = 0.05  # of log10 power, on average over the bands that are not at the floor


def filters() -> np.ndarray:
    """Slaney's triangles, each of area one, from 0 to 8000 Hz: float64 (80, 201), as in Whisper and librosa."""
    edges = _hertz(np.linspace(0, _mel(8000.0), N_MELS + 2))
    bins = np.linspace(0, 8000, N_FFT // 2 + 1)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def log_mel(samples: np.ndarray) -> np.ndarray:
    """log10 of the mel bands of power, at least 1e-10: float64 (80, 1 + samples // 160).

    Periodic Hann window of 400, centred frames, zeros beyond the ends.
    """
    padded = np.pad(samples.astype(np.float64), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    spectra = np.fft.rfft(frames * np.sin(np.pi * np.arange(N_FFT) / N_FFT) ** 2)
    return np.log10(np.maximum(filters() @ (spectra.real**2 + spectra.imag**2).T, FLOOR))


def near(out: np.ndarray, samples: np.ndarray) -> Check:
    wanted = log_mel(samples)
    if out.shape != wanted.shape:
        return Check({"error": 1.0}, f"a log-mel of {out.shape}, not {wanted.shape}")
    heard = wanted > np.log10(FLOOR) + 4
    error = float(np.abs(out - wanted)[heard].mean()) if heard.any() else 0.0
    return Check({"error": error}, f"log10 power is {error:.2f} off on average" if not error <= TOLERANCE else "")


def _mel(hertz: float) -> float:
    return hertz / (200 / 3) if hertz < 1000 else 15 + np.log(hertz / 1000) / (np.log(6.4) / 27)


def _hertz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
