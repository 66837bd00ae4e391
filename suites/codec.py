"""Codecs: audio into packets at a stated bitrate, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bench import Case, Check, Codec, Op, Suite, Work
from bench.codec import known, on_the_grid, ops, staged, within
from bench.corpus import clip
from bench.quality.align import by_impulse, calibrate

CALIBRATION = [(seed, 3.0) for seed in range(101, 107)]  # (seed, seconds) of stretches of the corpus
IMPULSE_AT = 0.4  # s into a second of silence
AUDIBLE = 0.02  # RMS between 200 and 3400 Hz of sound that any codec must let through
FAINT = 0.01  # of that RMS: what is lower counts as silent
KEPT = (
    "nominal_bps", "payload_bps", "container_bps", "model_bytes", "lossless", "parameters", "macs_per_second",
    "random_weights", "indices_differ", "latents_snr_db", "audio_snr_db",
)  # fmt: skip
"""Those of a codec's FACTS that its rows keep."""

SHORTER = 0.1  # s that may be missing at the end; s that may be too many:
LONGER = 1.5


class CodecSuite(Suite):
    """Conventions: those of :class:`bench.Codec`.

    ``bitrate`` is in kbit/s over all channels; a codec answers with the nearest that it can do, and every row states
    the bitrate that it was set to (``nominal_bps``), that of what a decoder needs (``payload_bps``) and that of its
    usual container (``container_bps``), measured on the case's audio. ``in_window`` is 1 where the payload is within
    10% of what was asked. The audio lies on the grid of 16 bits. A mono sound becomes stereo as a source off the
    middle would (:func:`bench.codec.staged`).

    ``encode`` and ``decode`` handle the whole of the audio in a call; a call of ``stream`` feeds one frame to a
    stateful encoder and what comes out to a stateful decoder.

    **wrong**: another number of channels, NaN or infinity, much too short or too long, silence where speech-band sound
    went in, and, of a lossless codec at the case's own rate, anything but the same bits.

    ``quality``, on six stretches of the corpus and an impulse:

    - ``lag_samples``: by how many samples, at the case's rate, what is decoded lags behind what went in (one figure,
      the median over the stretches); ``lag_spread_samples``: their interquartile range; ``lag_impulse_samples``: the
      same by an impulse, where the codec passes one;
    - ``algorithmic_delay_ms``: that lag and the time for which samples are held back: a frame (``decode``, of a codec
      that declares a delay), or what is measured when frames are fed one at a time (``stream``); ``declared_delay_ms``
      beside it, and the difference.
    """

    name = "codec"
    title = "audio -> payload packets at a bitrate (kbit/s, over all channels) -> audio"
    ops = ("encode", "decode", "stream")
    scored = True
    ceiling = "passthrough"  # what is lost by changing the rate alone: shown beside the codecs, never ranked
    grids = {
        "quick": [{"bitrate": [12.0], "sample_rate": [16000], "channels": [1], "seconds": [5.0]}],
        "default": [{"bitrate": [6.0, 12.0, 24.0], "sample_rate": [16000], "channels": [1], "seconds": [10.0]}],
        "full": [
            {"bitrate": [3.0, 6.0, 9.0, 12.0, 16.0, 24.0, 32.0], "sample_rate": [16000], "channels": [1],
             "seconds": [10.0]},
            {"bitrate": [24.0, 48.0, 64.0, 96.0, 128.0], "sample_rate": [48000], "channels": [1, 2],
             "seconds": [10.0]},
        ],
        "batch": [{"bitrate": [6.0], "sample_rate": [24000], "channels": [1], "seconds": [5.0], "batch": [1, 8, 32]}],
    }  # fmt: skip

    starter = """\
import numpy as np

def encode(x):  # float32 (channels, samples) -> packets; replace it
    return [x.T.astype("<f2").tobytes()]

def decode(packets):  # packets -> float32 (channels, samples)
    return np.frombuffer(b"".join(packets), "<f2").reshape(-1, case.channels).T.astype(np.float32)

nominal = 16 * case.sample_rate * case.channels  # bit/s
return Codec(case.sample_rate, encode, decode, nominal, channels=2)
"""

    def adopt(self, made: Any, case: Case) -> Mapping[str, Op]:
        if not isinstance(made, Codec):
            raise TypeError(f"an implementation of codec returns a bench.Codec, not {type(made).__name__}")
        return ops(made, case)

    def valid(self, case: Case) -> bool:
        return case.channels in (1, 2) and case.params.get("batch", 1) >= 1 and 0 < case.bitrate < float("inf")

    def audio(self, case: Case) -> np.ndarray:
        sounds = clip(case.corpus, case.seconds, case.sample_rate, case.params.get("batch", 1), case.seed)
        return np.stack([staged(sound, case) for sound in sounds])

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        sounds = on_the_grid(audio)
        return dict.fromkeys(self.ops, (sounds if len(sounds) > 1 else sounds[0],))

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> None:
        return None

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        answer, facts = out[0], known(out[1])
        metrics = {name: facts[name] for name in facts if name in KEPT}
        if "payload_bps" in facts:
            metrics["in_window"] = float(within(facts["payload_bps"], 1000 * case.bitrate))
        pairs = zip(answer, args[0], strict=True) if args[0].ndim == 3 and op != "encode" else [(answer, args[0])]
        wrong = (fault(out, sound, case, facts) for out, sound in pairs) if op != "encode" else ()
        return Check(metrics, next(filter(None, wrong), ""))

    def quality(self, case: Case, op: str, call: Callable[..., Any]) -> dict[str, float]:
        if op == "encode" or case.params.get("batch", 1) > 1:
            return {}
        pairs, facts = [], {}
        for seed, seconds in CALIBRATION:
            sound = on_the_grid(staged(clip(case.corpus, seconds, case.sample_rate, 1, seed)[0], case))
            out, found = call(sound)
            facts = known(found)
            if facts["random_weights"]:  # noise for an answer: there is no lag to be found
                return _declared(facts)
            pairs.append((sound[0], out[0]))
        try:
            lag = calibrate(pairs, case.sample_rate, "envelope" if facts["parametric"] else "auto")
        except ValueError:  # the whole corpus is silent: what the codec declares has to do
            return _declared(facts)
        figures = {
            "lag_samples": float(lag.samples),
            "lag_spread_samples": lag.spread,
            "lag_correlation": round(lag.correlation, 4),
        }
        if "buffer" in facts or "delay" in facts:  # else a file, or a network that is not causal, may hold all of it
            held = facts.get("buffer", facts["frame"]) / facts["rate"]
            figures["algorithmic_delay_ms"] = round(1000 * (lag.samples / case.sample_rate + held), 3)
        if (impulse := impulse_lag(case, call)) is not None:
            figures["lag_impulse_samples"] = impulse
        if "delay" in facts:
            declared = round(1000 * facts["delay"] / facts["rate"], 3)
            difference = round(figures["algorithmic_delay_ms"] - declared, 3)
            figures |= {"declared_delay_ms": declared, "delay_difference_ms": difference}
        return figures

    def work(self, case: Case, op: str) -> Work:
        """Not known: no bound on what a codec must compute for a given quality has been found."""
        return Work(0, 0)

    def audio_seconds(self, case: Case) -> float:
        return float(case.seconds) * float(case.params.get("batch", 1))


def _declared(facts: Mapping[str, float]) -> dict[str, float]:
    """The lag and the delay that the codec itself names, where none can be measured."""
    if "delay" not in facts:
        return {}
    lag, delay = ((facts["delay"] - frame) / facts["rate"] for frame in (facts["frame"], 0))
    return {"declared_lag_ms": 1000 * lag, "declared_delay_ms": round(1000 * delay, 3)}


def fault(answer: np.ndarray, sound: np.ndarray, case: Case, facts: Mapping[str, float]) -> str:
    """What is wrong with the decoded audio, or ""."""
    if answer.ndim != 2 or len(answer) != len(sound) or answer.dtype != np.float32:
        return f"gives {answer.dtype} {answer.shape}, not float32 ({len(sound)}, samples)"
    if not np.isfinite(answer).all():
        return "the decoded audio holds NaN or infinity"
    surplus = (answer.shape[1] - sound.shape[1]) / case.sample_rate
    if not -SHORTER <= surplus <= LONGER and "buffer" not in facts:
        return f"the decoded audio is {abs(surplus):.2f} s too {'long' if surplus > 0 else 'short'}"
    loud = voice_rms(sound, case.sample_rate)
    if loud > AUDIBLE and np.sqrt(np.mean(answer.astype(np.float64) ** 2)) < FAINT * loud:
        return "the decoded audio is silent"
    if facts["lossless"] and facts["rate"] == case.sample_rate and "buffer" not in facts:
        same = answer[:, : sound.shape[1]]
        if same.shape != sound.shape or (same != sound).any():
            return "is lossless by its own account, and changes samples"
    return ""


def voice_rms(sound: np.ndarray, rate: int) -> float:
    """RMS of what lies between 200 and 3400 Hz, over all channels."""
    spectrum = np.fft.rfft(sound.astype(np.float64))
    hz = np.fft.rfftfreq(sound.shape[1], 1 / rate)
    spectrum[:, (hz < 200) | (hz > 3400)] = 0
    return float(np.sqrt(np.mean(np.fft.irfft(spectrum, sound.shape[1]) ** 2)))


def impulse_lag(case: Case, call: Callable[..., Any]) -> float | None:
    """The lag by the response to one impulse in a second of silence; None where it is not passed as one."""
    at = round(IMPULSE_AT * case.sample_rate)
    sound = np.zeros((case.channels, case.sample_rate), np.float32)
    sound[:, at] = 0.5
    found = by_impulse(call(sound)[0][0], at)
    return float(found.samples) if found else None
