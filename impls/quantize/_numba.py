"""Formulas and loops for the Numba implementation."""

import numpy as np
from numba import njit, prange

from suites.quantize import SCALE_FLOOR, code_table, value_table

f4, i4, u4 = np.float32, np.int32, np.uint32
GAIN = f4(127.5 / np.log(256))  # codes for each natural unit of mulaw's curve


@njit
def pcm(x):
    return i4(min(max(np.rint(x * f4(32768)), f4(-32768)), f4(32767)))


def formulas(format):
    """(type of values, type of codes, value -> code, code -> value); both take a scale too."""
    values, codes = value_table(format), code_table(format)
    look_up = lambda c, s: values[c]
    if format == "mulaw":
        return "f4", "u1", lambda x, s: i4(np.copysign(np.log(f4(1) + f4(255) * abs(x)), x) * GAIN + f4(128)), look_up
    if format == "int16":
        return "f4", "i2", lambda x, s: pcm(x), lambda c, s: c * f4(2**-15)
    if format == "bfloat16":
        return "u4", "u2", lambda b, s: (b + (b >> u4(16) & u4(1)) + u4(0x7FFF)) >> u4(16), lambda c, s: u4(c) << u4(16)
    if format in ("int8", "int8_band"):
        return "f4", "i1", lambda x, s: i4(np.rint(x / s)), lambda c, s: f4(c) * s
    return "f4", "u1", lambda x, s: codes[np.uint16(pcm(x))], look_up


def loop(f, dtype, band, threads):
    """``convert(x, scale)``: f(value, scale) of every value in one pass; ``scale`` holds one, or one for each band."""
    f = njit(f, error_model="numpy")  # a check for division by zero would keep the loop from using vectors

    @njit(parallel=threads > 1, error_model="numpy")
    def convert(x, scale):
        rows, first = x.reshape(-1, x.shape[-1]), scale[0]
        out = np.empty(rows.shape, dtype)
        for j in prange(rows.shape[0]):
            for i in prange(rows.shape[1]):
                out[j, i] = f(rows[j, i], scale[i] if band else first)
        return out.reshape(x.shape)

    return convert


@njit
def column_peaks(x):
    """Largest magnitude of each column: float32 (..., columns) -> (columns,)."""
    rows, peaks = x.reshape(-1, x.shape[-1]), np.zeros(x.shape[-1], np.float32)
    for j in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            magnitude = abs(rows[j, i])
            peaks[i] = magnitude if magnitude > peaks[i] else peaks[i]
    return peaks


def scale_of(x, band):
    """float32 (1,), or (columns,) with a scale for each band."""
    peaks = column_peaks(x)
    return np.maximum(peaks if band else peaks.max(keepdims=True), f4(SCALE_FLOOR)) / 127
