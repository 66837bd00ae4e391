"""Front ends whose arrays are NumPy's: what is the same whoever transforms the frames."""

import numpy as np

from suites.mel import PRESETS, dct, filterbank, frames, window


def all_ops(case, mel):
    """{op: function of the audio}, from ``mel``: audio -> float32 (batch, frames, n_mels)."""
    p, cosines = PRESETS[case.preset], dct(PRESETS[case.preset].n_mels).T.astype(np.float32)

    def log_mel(x):
        decades = np.log10(np.maximum(mel(x), p.floor))
        return np.maximum(decades, decades.max((1, 2), keepdims=True) - p.decades) * p.gain + p.offset

    return {"mel": mel, "log_mel": log_mel, "mfcc": lambda x: log_mel(x) @ cosines}


def tables(case):
    """The preset, its window float32 (n_fft,) and its filters float32 (bins, n_mels)."""
    p = PRESETS[case.preset]
    return p, window(p).astype(np.float32), filterbank(p).T.astype(np.float32)


def frames_of(x, case):
    """Views of the centred frames of each row: (batch, frames, n_fft), reflected at the ends."""
    p = PRESETS[case.preset]
    padded = np.pad(x, ((0, 0), (p.n_fft // 2,) * 2), mode="reflect")
    return np.lib.stride_tricks.sliding_window_view(padded, p.n_fft, axis=1)[:, :: p.hop_length][:, : frames(case)]


def bands(spectrum, bank, power):
    """``bank`` is float32 (bins, n_mels)."""
    return (spectrum.real**2 + spectrum.imag**2 if power == 2 else np.abs(spectrum)) @ bank


def blocked(case, rfft):
    """``mel`` by ``rfft``, which transforms rows: a block of frames at a time, so that spectra stay in cache."""
    (p, taper, bank), step = tables(case), max(1, 256 // case.batch)

    def mel(x):
        pieces = frames_of(x, case)
        blocks = (rfft(pieces[:, i : i + step] * taper) for i in range(0, frames(case), step))
        return np.concatenate([bands(spectrum, bank, p.power) for spectrum in blocks], axis=1)

    return mel
