"""Mel front ends as their users define them: Whisper, Tacotron 2, BSQ-ViT and Kaldi."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench import Case, Check, Suite, Work
from bench.core import written_as

# Relative error, norm-wise. A filterbank made in single precision costs up to 3e-6 (torchaudio's); a logarithm
# magnifies what the quietest bands lose: 4e-6 on speech, 8e-5 on a pure tone. A Hann window half a sample off costs
# 5e-4 and more.
TOLERANCE = {"mel": 1e-5, "log_mel": 2e-4, "mfcc": 2e-4, "fbank": 2e-4}
SILENCE = 1e-30  # energies below this only count absolutely: their squares may flush to zero
N_MFCC = 13
LIFTER = 22.0


@dataclass(frozen=True)
class Preset:
    """One front end.

    ``win_length`` samples every ``hop_length`` are windowed and zero-padded to ``n_fft``; ``|X| ** power`` is
    summed over ``n_mels`` triangles on the ``scale`` between ``f_min`` and ``f_max`` (Hz). The logarithm is
    ``L = log10(max(mel, floor))``, then ``L = max(L, max(L) - decades)``, the maximum over one row of the batch,
    then ``gain * L + offset``.
    """

    sample_rate: int
    n_fft: int
    win_length: int
    hop_length: int
    n_mels: int
    scale: str
    power: int
    floor: float
    decades: float
    gain: float
    offset: float = 0.0
    f_min: float = 0.0
    f_max: float = 8000.0


NATURAL = math.log(10)  # ln(x) = ln(10) log10(x)
PRESETS = {
    "whisper80": Preset(16000, 400, 400, 160, 80, "slaney", 2, floor=1e-10, decades=8, gain=0.25, offset=1.0),
    "whisper128": Preset(16000, 400, 400, 160, 128, "slaney", 2, floor=1e-10, decades=8, gain=0.25, offset=1.0),
    "tts": Preset(22050, 1024, 1024, 256, 80, "slaney", 1, floor=1e-5, decades=math.inf, gain=NATURAL),
    "bsqvit": Preset(16000, 1024, 1024, 160, 128, "htk", 2, floor=1e-10, decades=8, gain=10.0),
    "kaldi": Preset(16000, 512, 400, 160, 80, "kaldi", 2, floor=2.0**-23, decades=math.inf, gain=NATURAL, f_min=20.0),
}
FRONT_ENDS = tuple(PRESETS)
# Power spectrum and triangles alone, in the sizes in which speech and music are analysed
SIZES = ((400, 160, 80), (512, 160, 80), (1024, 256, 128), (2048, 512, 128))
POWER = {
    f"power{n_fft}": Preset(16000, n_fft, n_fft, hop, n_mels, "slaney", 2, floor=1e-10, decades=math.inf, gain=10.0)
    for n_fft, hop, n_mels in SIZES
}
PRESETS |= POWER
# As many bands of a long window as networks take, and their logarithm: measured on an hour in one call
PRESETS["power1024x80"] = Preset(16000, 1024, 1024, 256, 80, "slaney", 2, floor=1e-10, decades=math.inf, gain=10.0)
OPS = {
    "whisper80": ("mel", "log_mel"),
    "whisper128": ("mel", "log_mel"),
    "tts": ("mel", "log_mel"),
    "bsqvit": ("mel", "log_mel", "mfcc"),
    "kaldi": ("fbank", "mfcc"),
    **dict.fromkeys(POWER, ("mel",)),
    "power1024x80": ("mel", "log_mel"),
}


def samples(case: Case) -> int:
    """Samples per row of a case's audio."""
    return round(case.seconds * PRESETS[case.preset].sample_rate)


def frames(case: Case) -> int:
    """Frames per row: one a hop and one more when centred (which Whisper drops); Kaldi's must fit whole."""
    p = PRESETS[case.preset]
    if case.preset == "kaldi":
        return 1 + (samples(case) - p.win_length) // p.hop_length
    return samples(case) // p.hop_length + (not case.preset.startswith("whisper"))


def to_mel(hertz: Any, scale: str) -> Any:
    """Hz -> mel. ``slaney``: linear to 1 kHz, then logarithmic (Auditory Toolbox, 1998). Else O'Shaughnessy's
    ``2595 log10(1 + f / 700)``, which HTK writes like that and Kaldi as ``1127 ln(1 + f / 700)``."""
    hertz = np.asarray(hertz, np.float64)
    if scale == "slaney":
        return np.where(hertz < 1000, 3 * hertz / 200, 15 + 27 * np.log(np.maximum(hertz, 1e-9) / 1000) / np.log(6.4))
    return 1127 * np.log1p(hertz / 700) if scale == "kaldi" else 2595 * np.log10(1 + hertz / 700)


def to_hertz(mel: Any, scale: str) -> Any:
    """mel -> Hz, the inverse of :func:`to_mel`."""
    mel = np.asarray(mel, np.float64)
    if scale == "slaney":
        return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
    return 700 * np.expm1(mel / 1127) if scale == "kaldi" else 700 * (10 ** (mel / 2595) - 1)


def filterbank(p: Preset) -> np.ndarray:
    """The triangles, float64 (n_mels, n_fft // 2 + 1); edges are equally spaced in mel from f_min to f_max.

    ``slaney`` and ``htk`` are triangles in Hz; those of ``slaney`` have unit area, those of ``htk`` unit peak.
    ``kaldi`` has triangles in mel of unit peak, and leaves the Nyquist bin out.
    """
    bins = np.arange(p.n_fft // 2 + 1) * p.sample_rate / p.n_fft
    edges = np.linspace(to_mel(p.f_min, p.scale), to_mel(p.f_max, p.scale), p.n_mels + 2)
    if p.scale == "kaldi":
        bins = to_mel(bins, p.scale)
    else:
        edges = to_hertz(edges, p.scale)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    if p.scale == "kaldi":
        triangles[:, -1] = 0
    return triangles * 2 / (high - low) if p.scale == "slaney" else triangles


def window(p: Preset) -> np.ndarray:
    """Periodic Hann; Kaldi's is Povey's: a symmetric Hann window to the power 0.85. float64 (win_length,)."""
    if p.scale == "kaldi":
        return np.sin(np.pi * np.arange(p.win_length) / (p.win_length - 1)) ** (2 * 0.85)
    return np.sin(np.pi * np.arange(p.win_length) / p.win_length) ** 2


def dct(n_mels: int) -> np.ndarray:
    """The first ``N_MFCC`` rows of the orthonormal DCT-II, float64 (N_MFCC, n_mels)."""
    rows = np.cos(np.pi * np.outer(np.arange(N_MFCC), np.arange(n_mels) + 0.5) / n_mels) * math.sqrt(2 / n_mels)
    rows[0] /= math.sqrt(2)
    return rows


def lifter() -> np.ndarray:
    """Kaldi's (and HTK's) weights of the cepstral coefficients, float64 (N_MFCC,)."""
    return 1 + LIFTER / 2 * np.sin(np.pi * np.arange(N_MFCC) / LIFTER)


def _grid(
    preset: Sequence[str], batch: Sequence[int] = (1,), seconds: Sequence[float] = (30.0,)
) -> dict[str, Sequence[Any]]:
    return {"preset": preset, "batch": batch, "seconds": seconds}


class Mel(Suite):
    """float32 (batch, samples) in [-1, 1] -> float32 (batch, frames, n_mels), or (batch, frames, 13) for mfcc.

    Presets (sample rate, window / hop / bands, scale):

    - ``whisper80``, ``whisper128`` (16 kHz, 400 / 160 / 80 or 128, Slaney; openai/whisper ``audio.py``): power
      spectrum, last frame dropped. ``log_mel``: ``L = log10(max(mel, 1e-10))``, ``(max(L, max(L) - 8) + 4) / 4``,
      the maximum over one row of the batch. Not padded to 30 s.
    - ``tts`` (22.05 kHz, 1024 / 256 / 80, Slaney; Tacotron 2, NVIDIA's ``layers.py``): magnitudes, not powers.
      ``log_mel``: ``ln(max(mel, 1e-5))``.
    - ``bsqvit`` (16 kHz, 1024 / 160 / 128, HTK without normalisation, as torchaudio's defaults): power spectrum.
      ``log_mel``: ``D = 10 log10(max(mel, 1e-10))``, ``max(D, max(D) - 80)``, the maximum over one row.
      ``mfcc``: the first 13 coefficients of the orthonormal DCT-II of ``log_mel``.
    - ``kaldi`` (16 kHz, 400 / 160 / 80, Kaldi's mel from 20 Hz; ``compute-fbank-feats`` without dither, samples
      in [-1, 1], not scaled to 16 bits): per frame, the mean is removed, then pre-emphasis of 0.97 (the first
      sample is its own predecessor), Povey's window, 512-point power spectrum. ``fbank``:
      ``ln(max(energy, 2**-23))``. ``mfcc``: 13 coefficients of the orthonormal DCT-II of ``fbank``, C0 kept,
      liftered by 22.
    - ``power400``, ``power512``, ``power1024``, ``power2048`` (16 kHz, 400 / 160 / 80, 512 / 160 / 80,
      1024 / 256 / 128 and 2048 / 512 / 128, Slaney): ``mel`` of the power spectrum, nothing else; the grid
      ``kernels`` compares kernels by them. ``power1024x80`` (1024 / 256 / 80) has ``log_mel`` too: ``10 log10``.

    All but ``kaldi`` centre the frames: ``n_fft // 2`` samples of reflection at either end, periodic Hann.
    An answer is wrong when ``||out - reference|| / ||reference||`` exceeds 1e-5 (``mel``) or 2e-4 (others).
    """

    name = "mel"
    title = (
        "Mel front ends: batch x samples float32 -> batch x frames x bands float32, each preset as its users define it"
    )
    ops = ("mel", "log_mel", "mfcc", "fbank")
    grids: ClassVar = {
        "quick": [_grid(["whisper80", "kaldi"], seconds=[4.0])],
        "default": [_grid(FRONT_ENDS), _grid(["whisper80"], batch=[16], seconds=[10.0])],
        "full": [_grid(FRONT_ENDS, seconds=[2.0, 60.0]), _grid(FRONT_ENDS, batch=[16], seconds=[10.0])],
        "kernels": [_grid(tuple(POWER), seconds=[60.0]), _grid(tuple(POWER), batch=[16], seconds=[10.0])],
        "hour": [_grid(["whisper80", "power1024x80"], seconds=[3600.0])],
    }

    def kind(self, impl: str) -> str:
        return written_as(impl)

    def audio(self, case: Case) -> np.ndarray:
        from bench.corpus import clip

        return clip(case.corpus, case.seconds, PRESETS[case.preset].sample_rate, case.batch, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        return {op: (audio,) for op in OPS[case.preset]}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray:
        energies = mel(case, *args)
        if op == "mel":
            return energies
        logarithms = log_mel(case, energies)
        if op != "mfcc":
            return logarithms
        return logarithms @ dct(energies.shape[-1]).T * (lifter() if case.preset == "kaldi" else 1)

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        assert reference is not None
        if not isinstance(out, np.ndarray):
            return Check(wrong=f"returned {type(out).__name__}, not an array")
        if out.shape != reference.shape or out.dtype != np.float32:
            return Check(wrong=f"{out.dtype} {out.shape}, not float32 {reference.shape}")
        scale = max(float(np.linalg.norm(reference)), SILENCE * math.sqrt(reference.size))
        error = float(np.linalg.norm(out - reference)) / scale
        limit = TOLERANCE[op]
        return Check({"error": error}, "" if error <= limit else f"relative error {error:.1e} exceeds {limit:g}")

    def work(self, case: Case, op: str) -> Work:
        """A frame costs a real FFT (2.5 N log2 N), the window, 3 operations a bin for the power, a multiplication
        and an addition for each weight of the triangles that is not zero, and one for each logarithm."""
        p, n = PRESETS[case.preset], PRESETS[case.preset].n_fft
        flops = 2.5 * n * math.log2(n) + p.win_length + 3 * (n // 2 + 1) + 2 * np.count_nonzero(filterbank(p))
        if case.preset == "kaldi":
            flops += 4 * p.win_length  # sum and subtract the mean; pre-emphasis
        flops += (p.n_mels if op != "mel" else 0) + (2 * N_MFCC * p.n_mels if op == "mfcc" else 0)
        rows = case.batch * frames(case)
        values = N_MFCC if op == "mfcc" else p.n_mels
        return Work(float(rows * flops), 4.0 * case.batch * samples(case) + 4.0 * rows * values)

    def audio_seconds(self, case: Case) -> float:
        return float(case.batch * case.seconds)

    def valid(self, case: Case) -> bool:
        """At least one frame, and a signal longer than the reflection."""
        if case.preset not in PRESETS or case.batch < 1:
            return False
        return frames(case) > 0 and samples(case) > PRESETS[case.preset].n_fft // 2


def mel(case: Case, audio: np.ndarray) -> np.ndarray:
    """Band energies (magnitudes for ``tts``) from the definition: float64 (batch, frames, n_mels)."""
    p, signal = PRESETS[case.preset], audio.astype(np.float64)
    if case.preset != "kaldi":
        signal = np.pad(signal, ((0, 0), (p.n_fft // 2,) * 2), mode="reflect")
    pieces = signal[:, p.hop_length * np.arange(frames(case))[:, None] + np.arange(p.win_length)]
    if case.preset == "kaldi":
        pieces = pieces - pieces.mean(axis=-1, keepdims=True)
        pieces = pieces - 0.97 * np.concatenate([pieces[..., :1], pieces[..., :-1]], axis=-1)
    return np.abs(np.fft.rfft(pieces * window(p), p.n_fft)) ** p.power @ filterbank(p).T


def log_mel(case: Case, energies: np.ndarray) -> np.ndarray:
    """The preset's logarithm of band energies, float64."""
    p = PRESETS[case.preset]
    decades = np.log10(np.maximum(energies, p.floor))
    return p.gain * np.maximum(decades, decades.max(axis=(1, 2), keepdims=True) - p.decades) + p.offset
