"""Changing the sample rate: float32 in, float32 out; quality is measured on every implementation, not assumed."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, gcd
from typing import Any

import numpy as np

from bench import Case, Check, Suite, Work
from bench.corpus import clip

PAIRS = [(48000, 16000), (44100, 16000), (16000, 24000), (24000, 16000), (8000, 16000), (16000, 44100)]
PASSBAND = 0.8  # of the lower of the two Nyquist frequencies: what every resampler worth the name should keep
STOPBAND = 1.2  # of the same: what should be gone after downsampling
GAIN_LIMIT = 1.0  # dB: past this, the low band's gain is a gross error
DELAY_LIMIT = 0.5  # output samples: any fixed delay can be compensated to within this
SILENCE = 1e-20  # amplitude below which an answer counts as silent
CLICK = 20.0  # samples a row: sound in fewer than these is a click
PROBE_FROM = 2.0  # seconds that a case must last to be probed: one is analysed, with room before and after it
PROBE_TONES = 48
FLOOR_DB = 200.0  # quality figures are clipped here
DIGITS = 4  # decimals of quality figures: finer than any difference that matters


class Resample(Suite):
    """Conventions.

    float32 (batch, samples) -> float32 (batch, ceil(samples target / source)). Output sample n lies at the time
    n / target, input sample m at m / source: a fixed delay of a library is compensated in ``finish``, which also
    crops or pads with zeros to the length. What lies before and after the signal is silence.

    The ideal keeps everything below the lower of the two Nyquist frequencies, B, and nothing above. ``check``
    compares with it on the case's own audio, up to 0.8 B, without the first and last 0.1 s:

    - ``error``: RMS of the difference over RMS of the ideal (so aliases of the audio's high frequencies count);
    - ``gain_db`` and ``delay_samples`` (output samples): of the part below B / 4.

    **wrong** is only a gross error: shape, type, NaN, a gain off by more than 1 dB or a delay of more than half an
    output sample below B / 4 (by more than four standard errors of the estimate; clicks are not judged), sound out
    of silence. A resampler of low quality, such as linear interpolation, is right: its quality is shown beside its
    speed.

    ``quality`` puts probes of 48 tones through the implementation and looks at one second of the steady state:

    - ``snr_db``: equal tones up to 0.8 B against the exact sampled sines; when downsampling, what becomes of as many
      equal tones above 1.2 B counts as noise too;
    - ``ripple_db``: largest minus smallest gain of these tones;
    - ``edge``: the first frequency that is 3 dB down, over B (1 when none is);
    - ``image_rejection_db``: a tone up to 0.8 B over the strongest component that is not a tone; only where images
      can exist (target / source is not 1 / n);
    - ``alias_rejection_db``: a tone between 1.2 B and 0.99 source / 2 over the strongest component of the output;
      only where target < source. 0 dB: the tone comes back whole at a wrong frequency;
    - ``probe_delay_samples``: slope of the phase up to 0.8 B, in output samples.
    """

    name = "resample"
    title = "sample rate conversion: batch x samples float32 -> batch x ceil(samples target / source) float32"
    ops = ("resample",)
    quality_axis = "snr_db"
    grids = {
        "quick": [
            {"source_rate": [48000], "target_rate": [16000], "batch": [1], "seconds": [10.0]},
            {"source_rate": [16000], "target_rate": [24000], "batch": [1], "seconds": [10.0]},
        ],
        "default": [
            {"source_rate": [source], "target_rate": [target], "batch": [1], "seconds": [30.0]}
            for source, target in PAIRS
        ],
        "full": [
            {"source_rate": [source], "target_rate": [target], "batch": [batch], "seconds": [seconds]}
            for source, target in PAIRS
            for batch, seconds in ((1, 30.0), (1, 300.0), (16, 5.0))
        ],
        "hour": [{"source_rate": [48000], "target_rate": [16000], "batch": [1], "seconds": [3600.0]}],
        "kernels": [
            {"source_rate": [source], "target_rate": [target], "batch": [1], "seconds": [60.0]}
            for source, target in PAIRS[:3]
        ],
    }

    def valid(self, case: Case) -> bool:
        two = case.source_rate != case.target_rate and min(case.source_rate, case.target_rate) >= 1
        return bool(two and case.batch >= 1 and lengths(case)[0] >= 1)

    def audio(self, case: Case) -> np.ndarray:
        return clip(case.corpus, case.seconds, case.source_rate, case.batch, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        return {"resample": (audio,)}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray:
        return ideal(args[0], case.source_rate, case.target_rate)

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        reference = self.reference(case, op, args) if reference is None else reference
        out = np.asarray(out)
        if out.shape != reference.shape or out.dtype != np.float32:
            return Check({"error": 1.0}, f"gives {out.dtype}{out.shape}, not float32{reference.shape}")
        if not np.isfinite(out).all():
            return Check({"error": 1.0}, "NaN or Inf in the output")
        if np.abs(args[0]).max(initial=0) <= SILENCE:
            loudest = float(np.abs(out).max(initial=0))
            return Check({"error": 0.0}, f"{loudest:.1e} out of silence" if loudest > SILENCE else "")
        metrics, wrong = compare(out, reference, case.target_rate, min(case.source_rate, case.target_rate) / 2)
        return Check(metrics, "" if is_click(args[0]) else wrong)

    def quality(self, case: Case, op: str, call: Callable[..., Any]) -> dict[str, float]:
        return Probe(case, call).figures() if case.seconds >= PROBE_FROM else {}

    def work(self, case: Case, op: str) -> Work:
        """Each sample is read once and each output written once. FLOPs: the shortest linear-phase filter that falls by
        40 dB between 0.8 B and 1.2 B, by Kaiser's estimate, at two FLOPs a tap for each output."""
        inputs, outputs = (case.batch * n for n in lengths(case))
        transition = 2 * np.pi * (STOPBAND - PASSBAND) * min(case.source_rate, case.target_rate) / 2 / case.source_rate
        taps = (40 - 7.95) / (2.285 * transition)
        return Work(2.0 * ceil(taps) * outputs, 4.0 * (inputs + outputs))

    def audio_seconds(self, case: Case) -> float:
        return case.seconds * case.batch


def output_length(samples: int, source_rate: int, target_rate: int) -> int:
    """ceil(samples target / source), in integers."""
    return -(-samples * target_rate // source_rate)


def lengths(case: Case) -> tuple[int, int]:
    """Input and output samples of one row of a case."""
    samples = round(case.seconds * case.source_rate)
    return samples, output_length(samples, case.source_rate, case.target_rate)


def fit(y: np.ndarray, case: Case) -> np.ndarray:
    """``y`` (batch, samples) cut or padded with zeros to the length of the case's output: for ``finish``."""
    missing = lengths(case)[1] - y.shape[-1]
    return np.pad(y, ((0, 0), (0, missing))) if missing > 0 else y[:, : y.shape[-1] + missing]


def ideal(x: np.ndarray, source_rate: int, target_rate: int) -> np.ndarray:
    """Band-limited resampling of ``x`` (batch, samples) between silence, float64 (batch, output_length).

    The spectrum of the zero-padded signal, cut off at the lower Nyquist frequency and sampled at the new rate. The
    padding, at least 0.1 s, keeps the ends from wrapping around, and makes both lengths whole periods, as many as an
    FFT likes.
    """
    from scipy.fft import next_fast_len  # late: finding the suites stays quick

    samples = x.shape[1]
    common = gcd(source_rate, target_rate)
    periods = next_fast_len(ceil((samples + source_rate // 10) / (source_rate // common)))
    padded, resampled = periods * (source_rate // common), periods * (target_rate // common)
    spectrum = np.fft.rfft(x.astype(np.float64), padded)
    kept = (min(padded, resampled) + 1) // 2  # strictly below the Nyquist frequency
    return np.fft.irfft(spectrum[:, :kept], resampled)[:, : output_length(samples, source_rate, target_rate)] * (
        resampled / padded
    )


def is_click(x: np.ndarray) -> bool:
    """Whether nearly all the sound is in a few samples of a row, by the participation ratio of their powers.

    A resampler without a filter may rightly step over them, and what comes back of their high frequencies adds up with
    the low ones: there is no gain and no delay to speak of.
    """
    power = x.astype(np.float64) ** 2
    return float(power.sum()) ** 2 < CLICK * len(x) * float((power**2).sum())


def compare(out: np.ndarray, reference: np.ndarray, rate: int, band: float) -> tuple[dict[str, float], str]:
    """Metrics of ``out`` against the ideal, both (batch, samples), up to 0.8 of ``band`` hertz; why it is wrong."""
    window = taper(reference.shape[1], rate // 5)
    if np.sum((reference * window) ** 2) < 1e-3 * np.sum(reference**2):
        window = np.ones_like(window)  # all the sound is at the ends
    hz = np.fft.rfftfreq(reference.shape[1], 1 / rate)
    ours, ideally = (np.fft.rfft(signal * window) for signal in (out, reference))
    kept, low = hz <= PASSBAND * band, hz <= band / 4
    power, low_power = (np.sum(np.abs(ideally[:, part]) ** 2) for part in (kept, low))
    metrics = {"error": float(np.sqrt(np.sum(np.abs(ours - ideally)[:, kept] ** 2) / max(power, SILENCE**2)))}
    if low_power <= 1e-6 * power:
        return metrics, ""
    gain, gain_error, delay, delay_error = gain_and_delay(ours[:, low], ideally[:, low], hz[low])
    gain_db = float(20 * np.log10(max(gain, 1e-10)))
    metrics |= {"gain_db": round(gain_db, DIGITS) + 0.0, "delay_samples": round(delay * rate, DIGITS) + 0.0}
    if abs(gain_db) > GAIN_LIMIT and abs(gain - 1) > 0.1 + 4 * gain_error:
        return metrics, f"the gain below {band / 4:.0f} Hz is {gain_db:+.1f} dB"
    if abs(delay * rate) > DELAY_LIMIT + 4 * delay_error * rate:
        return metrics, f"delayed by {delay * rate:.2f} samples"
    return metrics, ""


def taper(samples: int, edge: int) -> np.ndarray:
    """A window that is 0 over ``edge / 2`` samples at either end and rises over another ``edge / 2``; shorter in short
    signals."""
    half = max(1, min(edge // 2, samples // 8))
    distance = np.minimum(np.arange(samples), np.arange(samples)[::-1]) + 1
    return np.sin(np.pi / 2 * np.clip((distance - half) / half, 0, 1)) ** 2


def gain_and_delay(ours: np.ndarray, ideally: np.ndarray, hz: np.ndarray) -> tuple[float, float, float, float]:
    """Gain and delay (seconds) of one spectrum against another, (batch, bins), each with its standard error.

    Coarse: the peak of the cross-correlation, to within an eighth of the shortest period; of the peaks that a periodic
    sound has, the one nearest to zero. Fine: least squares on the phase of the cross-spectrum, weighted by power. The
    errors follow from what gain and delay leave unexplained.
    """
    cross = (ours * ideally.conj()).sum(0)
    power = (np.abs(ideally) ** 2).sum(0)
    step = hz[1] - hz[0] if len(hz) > 1 else 1.0
    size = 1 << (4 * len(hz)).bit_length()
    correlation = np.fft.irfft(cross, size)
    lags = np.flatnonzero(correlation >= 0.98 * correlation.max())
    lags[lags > size // 2] -= size
    coarse = lags[np.abs(lags).argmin()] / size / step
    turned = cross * np.exp(2j * np.pi * hz * coarse)
    weight = np.abs(cross) * hz
    moment = (weight * hz).sum()
    fine = -(weight * np.angle(turned)).sum() / moment / (2 * np.pi) if moment > 0 else 0.0
    delay = coarse + fine
    gain = float((cross * np.exp(2j * np.pi * hz * delay)).real.sum() / power.sum())
    left = (np.abs(ours - gain * ideally * np.exp(-2j * np.pi * hz * delay)) ** 2).sum(0)
    gain_error = float(np.sqrt((left * power).sum()) / power.sum())
    spread = 2 * np.pi * abs(gain) * (power * hz**2).sum()
    delay_error = float(np.sqrt((left * power * hz**2).sum()) / spread) if spread > 0 else np.inf
    return gain, gain_error, float(delay), delay_error


class Probe:
    """Tones through one implementation of one case: whole hertz, so that they fall on bins of one second's FFT."""

    def __init__(self, case: Case, call: Callable[..., Any]):
        self.case, self.call = case, call
        self.source, self.target = case.source_rate, case.target_rate
        self.band = min(self.source, self.target) / 2
        self.samples, outputs = lengths(case)
        self.start = (outputs - self.target) // 2

    def figures(self) -> dict[str, float]:
        low, near_edge = self.tones(0, PASSBAND), self.tones(PASSBAND, 1)
        out, exact = self.respond(low)
        gains = out[low] / exact[low]
        gains_near_edge = np.divide(*(spectrum[near_edge] for spectrum in self.respond(near_edge)))
        noise = np.linalg.norm(out - exact)
        figures = {
            "ripple_db": float(np.ptp(20 * np.log10(np.abs(gains) + 1e-20))),
            "edge": self.edge(np.append(low, near_edge), np.abs(np.append(gains, gains_near_edge))),
            "probe_delay_samples": self.delay(low, gains),
        }
        if self.source % self.target:
            figures["image_rejection_db"] = rejection(out, exact, low)
        if self.target < self.source:
            high = self.tones(STOPBAND, 0.99 * self.source / 2 / self.band)
            aliases, _ = self.respond(high)
            figures["alias_rejection_db"] = decibels(self.amplitude / np.abs(aliases).max())
            noise = np.hypot(noise, np.linalg.norm(aliases))
        figures = {"snr_db": decibels(np.linalg.norm(exact) / noise)} | figures
        return {name: round(value, DIGITS) + 0.0 for name, value in figures.items()}  # + 0.0: no -0

    def tones(self, lowest: float, highest: float) -> np.ndarray:
        """About evenly spaced frequencies between two multiples of B, in hertz.

        No two are equal or opposite modulo the common divisor of the rates, so that no image or alias of one falls on
        another (or on an image of another).
        """
        common = gcd(self.source, self.target)
        taken, chosen = {0, common // 2}, []
        edges = np.linspace(lowest * self.band, highest * self.band - 100, PROBE_TONES + 1)
        for hz in np.round((edges[1:] + edges[:-1]) / 2).astype(int):
            while hz % common in taken:
                hz += 1
            taken |= {hz % common, -hz % common}
            chosen.append(hz)
        return np.sort(chosen)

    amplitude = 1 / PROBE_TONES  # together at most full scale

    def respond(self, tones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Amplitude spectra in bins of 1 Hz of the output's middle second, and of the tones sampled there."""
        phases = np.random.default_rng(0).uniform(0, 2 * np.pi, len(tones))
        x = np.resize(self.second(tones, phases, self.source).astype(np.float32), self.samples)
        out = self.call(np.tile(x, (self.case.batch, 1)))[0, self.start : self.start + self.target]
        exact = np.roll(self.second(tones, phases, self.target), -self.start)
        return tuple(2 * np.fft.rfft(y) / self.target for y in (out.astype(np.float64), exact))

    def second(self, tones: np.ndarray, phases: np.ndarray, rate: int) -> np.ndarray:
        """The first second of the probe, float64 (rate,); it repeats, as whole hertz do."""
        n, total = np.arange(rate), np.zeros(rate)
        for hz, phase in zip(tones, phases, strict=True):
            total += np.cos(2 * np.pi * (hz * n % rate) / rate + phase)  # the remainder is exact
        return self.amplitude * total

    def edge(self, tones: np.ndarray, gains: np.ndarray) -> float:
        """Where the gain first falls 3 dB below its median up to 0.8 B, between tones by interpolation in dB."""
        fall = 20 * np.log10(gains / np.median(gains[tones <= PASSBAND * self.band]) + 1e-20) + 3
        below = np.flatnonzero(fall < 0)
        if not len(below) or below[0] == 0:
            return 1.0 if not len(below) else 0.0
        i = below[0]
        return float(np.interp(0, [fall[i], fall[i - 1]], [tones[i], tones[i - 1]]) / self.band)

    def delay(self, tones: np.ndarray, gains: np.ndarray) -> float:
        """Output samples, by the slope of the phase through 0 at 0 Hz."""
        phase = np.unwrap(np.angle(gains))
        return float(-(tones * phase).sum() / (tones**2.0).sum() / (2 * np.pi) * self.target)


def rejection(out: np.ndarray, exact: np.ndarray, tones: np.ndarray) -> float:
    """A tone over the strongest component that is none, dB."""
    spurious = np.abs(out)
    spurious[tones] = 0
    return decibels(np.abs(exact[tones]).max() / spurious.max())


def decibels(ratio: float) -> float:
    """20 log10, at most FLOOR_DB."""
    return float(20 * np.log10(np.clip(ratio, 10 ** (-FLOOR_DB / 20), 10 ** (FLOOR_DB / 20))))
