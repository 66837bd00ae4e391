"""Storing waveforms and spectrograms in fewer bits: encode to codes, decode to float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import Case, Check, Suite, Work
from bench.corpus import clip

CODE_DTYPE = {
    "mulaw": np.uint8,
    "g711u": np.uint8,
    "g711a": np.uint8,
    "int16": np.int16,
    "int8": np.int8,
    "int8_band": np.int8,
    "float16": np.float16,
    "bfloat16": np.uint16,
}
WAVEFORM = ["mulaw", "g711u", "g711a", "int16", "int8", "float16", "bfloat16"]
SPECTROGRAM = ["int8", "int8_band", "float16", "bfloat16"]
SCALED = ("int8", "int8_band")
SCALE_FLOOR = 1e-12  # the peak that silence is given, so that its scale is not zero
ROUNDING = 2e-4  # codes: how far float32 arithmetic may move a value across a decision boundary
FLUSHED = 2.0**-126  # float32 subnormals may be flushed to zero
SAMPLE_FLOPS = {"mulaw": 5, "int16": 2, "g711u": 2, "g711a": 2, "int8": 3, "int8_band": 3, "float16": 1, "bfloat16": 1}


class Quantize(Suite):
    """Conventions.

    A ``waveform`` is float32 (batch, samples) in [-1, 1]; a ``spectrogram`` is the float32 magnitude of a Hann
    STFT, 512/128, as (batch, frames, bands). Ties round to even unless said otherwise. ``encode`` takes the signal
    and gives ``codes``, or ``(codes, scale)`` for the int8 formats; ``decode`` takes what ``encode`` gives and
    returns float32 of the signal's shape.

    ========= ======= ==============================================================================================
    format    codes   definition
    ========= ======= ==============================================================================================
    mulaw     uint8   floor(255 (F(x) + 1) / 2 + 1/2), F(x) = sgn(x) ln(1 + 255 |x|) / ln 256, without segments, as
                      in torchaudio; decoded by the inverse of F at 2 code / 255 - 1
    g711u     uint8   ITU-T G.711 mu-law of clip(round(32768 x), -32768, 32767), bytes as sent (bits inverted)
    g711a     uint8   ITU-T G.711 A-law of the same, bytes as sent (even bits inverted)
    int16     int16   clip(round(32768 x), -32768, 32767); decoded by code / 32768
    int8      int8    round(x / scale), scale = max(max |x|, 1e-12) / 127 over the array: float32 (1,)
    int8_band int8    the same with a scale for each band (last axis): float32 (bands,)
    float16   float16 IEEE 754 binary16
    bfloat16  uint16  the upper half of binary32, rounded to nearest even, as a bit pattern
    ========= ======= ==============================================================================================

    G.711: a code covers lower <= |x| < upper of its decision values. A negative 16-bit x has the magnitude -x - 1
    (one's complement, so that -1 falls beside 0), as in the ITU's own G.191 software tool library. Decoding gives
    the tables' values, /8192 (mu-law, 14 bits) or /4096 (A-law, 13 bits).

    A code is right when it equals the definition's. The exceptions: mulaw and int8 are computed in float32, so a
    value within 2e-4 of a step from a decision boundary may fall on either side; values below 2**-126 may be
    flushed to zero. Decoded values may be off by 2e-6 of full scale (int8, float16, bfloat16: of the largest).
    """

    name = "quantize"
    title = "float32 signal <-> codes of 8 or 16 bits (mu-law, G.711, int16, int8, float16, bfloat16)"
    ops = ("encode", "decode")
    grids = {
        "quick": [
            {"format": ["mulaw", "g711u", "int16"], "signal": ["waveform"], "seconds": [10.0], "sample_rate": [16000],
             "batch": [1]},
            {"format": ["int8_band"], "signal": ["spectrogram"], "seconds": [10.0], "sample_rate": [16000],
             "batch": [1]},
        ],
        "default": [
            {"format": WAVEFORM, "signal": ["waveform"], "seconds": [60.0], "sample_rate": [16000], "batch": [1]},
            {"format": SPECTROGRAM, "signal": ["spectrogram"], "seconds": [30.0], "sample_rate": [16000], "batch": [1]},
        ],
        "full": [
            {"format": WAVEFORM, "signal": ["waveform"], "seconds": [1.0, 60.0, 600.0], "sample_rate": [16000],
             "batch": [1]},
            {"format": WAVEFORM, "signal": ["waveform"], "seconds": [10.0], "sample_rate": [48000], "batch": [1, 16]},
            {"format": SPECTROGRAM, "signal": ["spectrogram"], "seconds": [30.0], "sample_rate": [16000],
             "batch": [1, 8]},
        ],
        "hour": [
            {"format": ["mulaw"], "signal": ["waveform"], "seconds": [3600.0], "sample_rate": [16000], "batch": [1]},
        ],
        "kernels": [
            {"format": ["mulaw"], "signal": ["waveform"], "seconds": [60.0], "sample_rate": [16000], "batch": [1]},
        ],
    }  # fmt: skip

    def valid(self, case: Case) -> bool:
        known = {"waveform": WAVEFORM, "spectrogram": SPECTROGRAM}.get(case.signal, [])
        return case.format in known and case.batch >= 1 and round(case.seconds * case.sample_rate) >= 1

    def audio(self, case: Case) -> np.ndarray:
        return clip(case.corpus, case.seconds, case.sample_rate, case.batch, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        signal = np.clip(audio, -1, 1) if case.signal == "waveform" else spectrogram(audio)
        return {"encode": (signal,), "decode": encode(case.format, signal)}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray:
        """decode: the values. encode: where on the scale of codes each value lies (see :func:`position`)."""
        return position(case.format, *args) if op == "encode" else decode(case.format, *args)

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        reference = self.reference(case, op, args) if reference is None else reference
        return (check_encode if op == "encode" else check_decode)(case.format, args, out, reference)

    def work(self, case: Case, op: str) -> Work:
        """Each value is read once and each code written once; int8's second pass may come from cache.

        FLOPs a value: the conversion, and its scaling, clipping or maximum; decoding 8 bits is a table look-up.
        """
        values = self._values(case)
        flops = SAMPLE_FLOPS[case.format] if op == "encode" else 1
        return Work(flops * values, (4 + np.dtype(CODE_DTYPE[case.format]).itemsize) * values)

    def audio_seconds(self, case: Case) -> float:
        return case.seconds * case.batch

    def _values(self, case: Case) -> int:
        samples = round(case.seconds * case.sample_rate)
        return case.batch * (samples if case.signal == "waveform" else 257 * (1 + max(0, samples - 512) // 128))


def spectrogram(audio: np.ndarray, n_fft: int = 512, hop_length: int = 128) -> np.ndarray:
    """Magnitudes, float32 (batch, frames, n_fft / 2 + 1), Hann periodic, no padding beyond one frame."""
    audio = np.pad(audio, ((0, 0), (0, max(0, n_fft - audio.shape[1]))))
    frames = np.lib.stride_tricks.sliding_window_view(audio, n_fft, axis=1)[:, ::hop_length]
    window = np.sin(np.pi * np.arange(n_fft) / n_fft) ** 2
    return np.abs(np.fft.rfft(frames * window)).astype(np.float32)


# The definitions, in float64


def g711_magnitudes(law: str) -> tuple[np.ndarray, np.ndarray]:
    """Lower decision values and quantised values of the 128 magnitudes, ITU-T G.711 (11/88) tables 1a and 2a.

    Segments s of 16 equal intervals i; steps double from segment to segment (A-law: from the second on).
    """
    s, i = np.divmod(np.arange(128), 16)
    if law == "g711u":
        return np.maximum((32 + 2 * i) * 2.0**s - 33, 0), (33 + 2 * i) * 2.0**s - 33
    first = s == 0
    return (
        np.where(first, 2.0 * i, (32 + 2 * i) * 2.0 ** (s - 1)),
        np.where(first, 2.0 * i + 1, (33 + 2 * i) * 2.0 ** (s - 1)),
    )


def g711_encode(law: str, x: np.ndarray) -> np.ndarray:
    """Codes of float values, uint8."""
    pcm = np.clip(np.rint(x.astype(np.float64) * 32768), -32768, 32767)
    magnitude = np.where(pcm < 0, -pcm - 1, pcm) / (4 if law == "g711u" else 8)
    interval = np.searchsorted(g711_magnitudes(law)[0], magnitude, side="right") - 1
    if law == "g711u":
        return (np.where(pcm < 0, 0x7F, 0xFF) - interval).astype(np.uint8)
    return ((interval + np.where(pcm < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)


def g711_values(law: str) -> np.ndarray:
    """The value of each of the 256 codes, float64 in (-1, 1)."""
    code = np.arange(256)
    value = g711_magnitudes(law)[1]
    if law == "g711u":
        return np.where(code < 128, -1, 1) * value[(~code) & 0x7F] / 8192
    return np.where(code < 128, -1, 1) * value[(code ^ 0x55) & 0x7F] / 4096


def round_binary(x: np.ndarray, bits: int, smallest_exponent: int) -> np.ndarray:
    """x rounded to a binary format with ``bits`` of significand, subnormal below 2**smallest_exponent."""
    x = x.astype(np.float64)
    exponent = np.maximum(np.frexp(x)[1] - 1, smallest_exponent)
    step = 2.0 ** (exponent - bits + 1)
    return np.rint(x / step) * step


def scale_of(format: str, x: np.ndarray) -> np.ndarray:
    """float32 (1,) or (bands,)."""
    axes = tuple(range(x.ndim - 1)) if format == "int8_band" else None
    peak = np.maximum(np.abs(x).max(axis=axes, initial=0), SCALE_FLOOR)
    return np.atleast_1d(peak.astype(np.float64) / 127).astype(np.float32)


def position(format: str, x: np.ndarray) -> np.ndarray:
    """float64, the shape of x: the value before it is rounded to a code (mulaw, int8), or the exact code
    (G.711, int16), or the exact value of the code (float16, bfloat16)."""
    if format == "mulaw":
        companded = np.sign(x) * np.log1p(255 * np.abs(x.astype(np.float64))) / np.log(256)
        return 255 * (companded + 1) / 2
    if format in ("g711u", "g711a"):
        return g711_encode(format, x).astype(np.float64)
    if format == "int16":
        return np.clip(np.rint(x.astype(np.float64) * 32768), -32768, 32767)
    if format in SCALED:
        return x / scale_of(format, x).astype(np.float64)
    return round_binary(x, 11, -14) if format == "float16" else round_binary(x, 8, -126)


def encode(format: str, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """(codes,) or (codes, scale)."""
    exact = position(format, x)
    if format == "mulaw":
        return (np.floor(exact + 0.5).astype(np.uint8),)
    if format == "bfloat16":
        return ((exact.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16),)
    codes = np.rint(exact).astype(np.int8) if format in SCALED else exact.astype(CODE_DTYPE[format])
    return (codes, scale_of(format, x)) if format in SCALED else (codes,)


def decode(format: str, codes: np.ndarray, scale: np.ndarray | None = None) -> np.ndarray:
    """float64, the shape of ``codes``."""
    if format == "mulaw":
        companded = codes.astype(np.float64) / 255 * 2 - 1
        return np.sign(companded) * np.expm1(np.abs(companded) * np.log(256)) / 255
    if format in ("g711u", "g711a"):
        return g711_values(format)[codes]
    if format == "int16":
        return codes / 32768
    if format in SCALED:
        return codes * np.asarray(scale, np.float64)
    if format == "bfloat16":
        return (codes.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return codes.astype(np.float64)


def value_table(format: str) -> np.ndarray:
    """What a look-up decoder needs: the values of all 256 codes of mulaw or G.711, float32 (256,), else nothing."""
    if format not in ("mulaw", "g711u", "g711a"):
        return np.empty(0, np.float32)
    return decode(format, np.arange(256, dtype=np.uint8)).astype(np.float32)


def code_table(format: str) -> np.ndarray:
    """The G.711 codes of all 16-bit samples, uint8 (65536,), indexed by the sample's bits as uint16, else nothing."""
    pcm = np.arange(65536 if format.startswith("g711") else 0, dtype=np.uint16).view(np.int16)
    return g711_encode(format, pcm / 32768)


# The verdicts


def wrong_codes(format: str, codes: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Which codes are not what the definition asks for, given :func:`position`."""
    if format == "mulaw" or format in SCALED:
        return np.abs(codes - exact) > 0.5 + ROUNDING
    if format in ("float16", "bfloat16"):
        return ~(np.abs(decode(format, codes) - exact) <= np.where(np.abs(exact) <= FLUSHED, FLUSHED, 0))
    return codes != exact


def check_encode(format: str, args: tuple[Any, ...], out: Any, exact: np.ndarray) -> Check:
    """error: the share of codes that are not the definition's."""
    signal = args[0]
    expected = 2 if format in SCALED else 1
    parts = tuple(map(np.asarray, out)) if isinstance(out, tuple | list) else (np.asarray(out),)
    if len(parts) != expected:
        return Check({"error": 1.0}, f"{format} gives {expected} arrays, not {len(parts)}")
    codes = parts[0]
    if codes.shape != signal.shape or codes.dtype != CODE_DTYPE[format]:
        return Check({"error": 1.0}, f"codes are {_kind(codes)}, not {CODE_DTYPE[format].__name__}{signal.shape}")
    if format in SCALED:
        scale = scale_of(format, signal)
        if parts[1].shape != scale.shape or not np.allclose(parts[1], scale, rtol=1e-6, atol=0):
            return Check({"error": 1.0}, f"the scale is not max |x| / 127 as {_kind(scale)}")
    bad = wrong_codes(format, codes, exact)
    metrics = {"error": float(bad.mean()) if bad.size else 0.0, "bits_per_value": bits_per_value(parts)}
    metrics |= snr(signal, decode(format, *parts))
    return Check(metrics, f"{bad.sum()} of {bad.size} codes are not {format}'s" if bad.any() else "")


def check_decode(format: str, args: tuple[Any, ...], out: Any, values: np.ndarray) -> Check:
    """error: the largest deviation over full scale (mulaw, G.711, int16), else over the largest value."""
    out = np.asarray(out)
    if out.shape != values.shape or out.dtype != np.float32:
        return Check({"error": 1.0}, f"values are {_kind(out)}, not float32{values.shape}")
    full_scale = format in ("mulaw", "g711u", "g711a", "int16")
    largest = 1.0 if full_scale else max(float(np.abs(values).max(initial=0)), SCALE_FLOOR)
    deviation = np.abs(out - values)
    error = float(deviation.max(initial=0) / largest)
    # A subnormal answer may be flushed to zero; NaN fails the comparison
    if not (deviation <= 2e-6 * largest + FLUSHED).all():
        return Check(
            {"error": error},
            f"a decoded value is off by {error:.1e} of {'full scale' if full_scale else 'the largest'}",
        )
    return Check({"error": error, "bits_per_value": bits_per_value(args)})


def bits_per_value(parts: tuple[np.ndarray, ...]) -> float:
    """Of the codes and their scales."""
    return 8 * sum(p.nbytes for p in parts) / max(parts[0].size, 1)


def snr(signal: np.ndarray, decoded: np.ndarray) -> dict[str, float]:
    """Round trip, dB: over all values, and for spectrograms the median over bands; left out when undefined."""
    power, noise = signal.astype(np.float64) ** 2, (signal - decoded) ** 2
    metrics = {}
    if power.sum() > 0 and noise.sum() > 0:
        metrics["snr_db"] = float(10 * np.log10(power.sum() / noise.sum()))
    if signal.ndim == 3:
        p, n = power.sum((0, 1)), noise.sum((0, 1))
        if (audible := (p > 0) & (n > 0)).any():
            metrics["band_snr_db"] = float(np.median(10 * np.log10(p[audible] / n[audible])))
    return metrics


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype}{array.shape}"
