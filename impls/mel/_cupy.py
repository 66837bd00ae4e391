"""Mel front ends in CuPy, for its implementations."""

import cupy
import numpy as np

from impls._cupy import framed, op
from impls.mel._bands import bands
from suites.mel import PRESETS, dct, filterbank, frames, window

PROJECTED = cupy.ElementwiseKernel(
    "raw float32 spectrum, raw int32 low, raw int32 start, raw float32 weights, int32 bins, int32 bands, int32 power",
    "float32 y",
    """
    const int band = i % bands, count = start[band + 1] - start[band];
    const ptrdiff_t at = 2 * (i / bands * bins + low[band]);
    float sum = 0.f;
    for (int k = 0; k < count; k++) {
        const float re = spectrum[at + 2 * k], im = spectrum[at + 2 * k + 1], energy = re * re + im * im;
        sum += weights[start[band] + k] * (power == 1 ? sqrtf(energy) : energy);
    }
    y = sum;
    """,
    "bench_projected",
)


def ops(case, fused):
    """``fused``: frames and window are one kernel, power and triangles another; cuFFT is between them."""
    p, count = PRESETS[case.preset], frames(case)
    pieces = framed(cupy.asarray(window(p).astype("f")), p.hop_length, count, p.n_fft // 2, fused)
    bank, cosines = (cupy.asarray(np.ascontiguousarray(a.T, "f")) for a in (filterbank(p), dct(p.n_mels)))
    sparse = tuple(map(cupy.asarray, bands(filterbank(p))))

    def mel(x):
        spectrum = cupy.fft.rfft(pieces(x))
        if fused:
            out = cupy.empty((len(x), count, p.n_mels), cupy.float32)
            return PROJECTED(spectrum.view(cupy.float32), *sparse, spectrum.shape[2], p.n_mels, p.power, out)
        return (cupy.abs(spectrum) if p.power == 1 else spectrum.real**2 + spectrum.imag**2) @ bank

    def log_mel(x):
        decades = cupy.log10(cupy.maximum(mel(x), p.floor))
        return cupy.maximum(decades, decades.max((1, 2), keepdims=True) - p.decades) * p.gain + p.offset

    return {"mel": op(mel), "log_mel": op(log_mel), "mfcc": op(lambda x: log_mel(x) @ cosines)}
