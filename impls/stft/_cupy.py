"""The STFT in CuPy, for its implementations."""

import cupy
import numpy as np

from impls._cupy import framed, op
from impls.stft._envelope import envelope
from suites.stft import frames, hann, inverse_length

OVERLAPPED = cupy.ElementwiseKernel(
    "raw float32 pieces, raw float32 window, raw float32 scale, int32 n_fft, int32 hop, int32 frames, int32 offset, "
    "int32 length",
    "float32 y",
    """
    const ptrdiff_t row = i / length;
    const int at = (int)(i % length) + offset;
    const int first = at < n_fft ? 0 : (at - n_fft) / hop + 1, last = min(frames - 1, at / hop);
    float sum = 0.f;
    for (int frame = first; frame <= last; frame++) {
        const int k = at - frame * hop;
        sum += pieces[(row * frames + frame) * n_fft + k] * window[k];
    }
    y = sum * scale[i % length];
    """,
    "bench_overlapped",
)


def ops(case, fused, rfft=None, irfft=None):
    """Frames, then ``rfft``; ``irfft``, unscaled, then the overlap, added in one kernel either way.

    The transforms are along the last axis; cupy.fft's, which keeps their plans, where none are given.
    """
    n, hop, count, length = case.n_fft, case.hop_length, frames(case), inverse_length(case)
    offset = n // 2 if case.center else 0
    window, scale = cupy.asarray(hann(n).astype("f")), cupy.asarray(envelope(case))
    pieces = framed(window, hop, count, offset, fused)
    transform, back = rfft or cupy.fft.rfft, irfft or (lambda s: cupy.fft.irfft(s, n, norm="forward"))

    def inverse(spectrum):
        out, parts = cupy.empty((len(spectrum), length), cupy.float32), back(spectrum)
        return OVERLAPPED(parts, window, scale, n, hop, count, offset, length, out)

    return {"forward": op(lambda x: transform(pieces(x))), "inverse": op(inverse)}


def scipy_ops(case):
    """cupyx.scipy.signal, whose spectra are (bins, frames) and divided by the window's sum."""
    from cupyx.scipy.signal import istft, stft

    n, offset = case.n_fft, case.n_fft // 2 if case.center else 0
    window, total = cupy.asarray(hann(n).astype("f")), np.float32(hann(n).sum())
    common = {"window": window, "nperseg": n, "noverlap": n - case.hop_length}
    edges = {"boundary": "even" if case.center else None, "padded": False}

    def inverse(spectrum):
        return istft(spectrum, boundary=False, **common)[1]

    def whole(x):
        cut = x[:, offset : offset + inverse_length(case)]
        return np.pad(cut, ((0, 0), (0, inverse_length(case) - cut.shape[1])))

    return {
        "forward": op(lambda x: stft(x, **edges, **common)[2], leave=lambda s: s.swapaxes(1, 2) * total),
        "inverse": op(inverse, lambda s: cupy.ascontiguousarray(s.swapaxes(1, 2)) / total, whole),
    }
