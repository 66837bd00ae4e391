"""Made-up codec runs: every case that a report must cope with, in a run directory as `bench run codec` leaves it."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench.results import Results, Row
from bench.scores import ORIGINAL, Score

HOSTILE = "<script>alert(1)</script>"
PIPES = "a|b*c_[x](y)`$\\z"
RATE = 16000
BITRATES = (3.0, 6.0, 9.0, 12.0, 24.0)
TIMED = (6.0, 12.0)  # of these, what was timed: enough for every table, and quick to draw
CLIPS = 12
CASE = {"sample_rate": RATE, "channels": 1}
WAVES = {"wave:good": 1.2, "wave:twin": 1.2001, "wave:plain": 0.6, HOSTILE: 0.3, PIPES: 0.1}  # PESQ above plain
SPEED = {"wave:good": 40.0, "wave:twin": 42.0, "wave:plain": 300.0, "vocoder": 900.0, "fixed": 5000.0}
FIXED = {"vocoder": 3.2, "fixed": 64.0, "passthrough:8k": 256.0, "passthrough:16k": 512.0}
SILENT = "the degraded signal is silent"


def speaker(clip: int) -> str:
    return f"speaker-{clip % 6}"


def pesq(impl: str, bitrate: float, clip: int) -> float:
    """Rises with the logarithm of the bitrate; clips differ more than codecs do, and alike for all codecs."""
    base = {"vocoder": 1.9, "fixed": 4.2, "passthrough:8k": 3.6, "passthrough:16k": 4.64}.get(impl)
    own = 0.02 * np.sin(2 * np.pi * clip * (1 + number(impl) % 5) / CLIPS)
    wobble = 0.0 if impl.startswith("passthrough") else 0.3 * np.sin(clip) + own
    return float(np.clip((1.0 + np.log2(bitrate / 3) if base is None else base) + WAVES.get(impl, 0) + wobble, 1, 4.64))


def score(impl: str, bitrate: float, clip: int, **other: Any) -> Score:
    payload = FIXED.get(impl, bitrate * (1.25 if impl == PIPES else 1.02))
    quality = pesq(impl, bitrate, clip)
    values = {
        "pesq_wb": quality, "visqol_speech": quality - 0.2, "estoi": 0.6 + 0.08 * quality, "si_sdr": 5 * quality - 8,
        "si_sdr_raw": -20.0, "lsd": 6 - quality,
    }  # fmt: skip
    failures = {}
    if impl == "wave:plain" and clip in (3, 4):
        failures = {"pesq_wb": SILENT}
        del values["pesq_wb"]
    errors = round(max(0.0, 4.7 - quality))
    defaults = {
        "kind": "speech", "speaker": speaker(clip), "version": "1.2.3", "seconds": 4.0, "values": values,
        "nominal_bps": 1000 * bitrate, "payload_bps": 1000 * payload, "container_bps": 1100 * payload,
        "delay_seconds": 0.005, "delay_from": "measured", "algorithmic_delay_ms": 26.5 + len(impl),
        "declared_delay_ms": 25.0, "failures": failures, "parametric": impl == "vocoder", "asr": "toy",
        "random_weights": impl == "dreamer",
        "transcript": "peter bought eight white ships",
        "wer": {"substitutions": errors, "deletions": 0, "insertions": 0, "words": 5},
    }  # fmt: skip
    case = {"bitrate": bitrate, **CASE}
    return Score("run-1", "codec", impl, case, f"clip-{clip:02d}", **(defaults | other))


def untouched(clip: int, **other: Any) -> Score:
    counts = {"substitutions": int(clip == 0), "deletions": 0, "insertions": 0, "words": 5}
    defaults = {
        "kind": "speech", "speaker": speaker(clip), "seconds": 4.0, "wer": counts,
        "transcript": f"peter bought eight white ships {HOSTILE}",
    }  # fmt: skip
    return Score("run-1", "codec", ORIGINAL, dict(CASE), f"clip-{clip:02d}", **(defaults | other))


def codecs() -> list[str]:
    return [*WAVES, *FIXED, "dreamer"]


def number(impl: str) -> int:
    """Another one for each codec, the same in every process."""
    return codecs().index(impl) if impl in codecs() else 100 + zlib.crc32(impl.encode())


def scores() -> list[Score]:
    made = [untouched(clip) for clip in range(CLIPS)]
    made += [score(impl, b, clip) for impl in codecs() for b in BITRATES for clip in range(CLIPS)]
    dead = {"status": "crash", "reason": "segmentation fault (signal 11)", "values": {}, "failures": {}, "wer": {}}
    return made + [score("broken", b, clip, **dead) for b in BITRATES for clip in range(CLIPS)]


def rows() -> list[Row]:
    return [
        timing(impl, b, op, replicate)
        for impl in codecs()
        for b in TIMED
        for op in ("encode", "decode", "stream")
        for replicate in range(2)
    ]


def timing(impl: str, bitrate: float, op: str, replicate: int) -> Row:
    own = np.random.default_rng([replicate, *f"{impl}/{op}/{bitrate}".encode()])
    seconds = 10.0 / SPEED.get(impl, 100.0) / (1 if op == "encode" else 3)
    samples = 1e9 * seconds * np.exp(own.normal(0, 0.01, 20))
    return Row(
        run="run-1", suite="codec", impl=impl, case={"bitrate": bitrate, **CASE, "seconds": 10.0}, op=op,
        replicate=replicate, version="1.2.3", audio_seconds=10.0, samples_ns=samples.tolist(), rounds=[5] * 4,
        first_ns=1e9 * seconds, memory_bytes=10**6, peak_rss_bytes=10**8,
    )  # fmt: skip


def sound(clip: int, seconds: float = 4.0, rate: int = RATE) -> np.ndarray:
    """A sweeping tone with overtones, and a little noise: something to see in a spectrogram."""
    t = np.arange(round(seconds * rate)) / rate
    pitch = 2 * np.pi * np.cumsum(120 + 10 * clip + 60 * np.sin(2 * np.pi * 0.7 * t)) / rate
    voice = sum(np.sin(k * pitch) / k for k in range(1, 40) if k * 250 < rate / 2)
    noise = np.random.default_rng(clip).standard_normal(len(t))
    return (0.1 * voice * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)) + 0.004 * noise).astype(np.float32)


def coarse(audio: np.ndarray, bits: int) -> np.ndarray:
    """Rounded to few bits, and low-passed by a mean of neighbours: what a bad codec may sound like."""
    steps = 2.0 ** (bits - 1)
    return np.convolve(np.rint(audio * steps) / steps, np.full(4, 0.25), "same").astype(np.float32)


def write(folder: Path, made: list[Score] | None = None, timed: list[Row] | None = None, heard: int = 2) -> Results:
    """A run directory with the audio of the first ``heard`` clips at 6 and 12 kbit/s."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(row)) for row in (rows() if timed is None else timed)]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "environment.json").write_text(json.dumps({"cpu": {"model": "Test CPU"}}))
    kept = [asdict(_heard(folder, s, heard)) for s in (scores() if made is None else made)]
    (folder / "scores.jsonl").write_text("\n".join(json.dumps(line) for line in kept) + "\n")
    return Results.load(folder)


def _heard(folder: Path, s: Score, heard: int) -> Score:
    """The score with its audio written, where the run kept it."""
    clip, bitrate = int(s.clip.rpartition("-")[2]), s.case.get("bitrate")
    if clip >= heard or s.status != "ok" or bitrate not in (None, 6.0, 12.0):
        return s
    audio = sound(clip, s.seconds)
    if bitrate is not None and not s.impl.startswith("passthrough"):
        audio = coarse(audio, 3 + number(s.impl) % 9 + (bitrate == 12.0))
    name = f"audio/{s.clip}-{number(s.impl)}-{bitrate}.flac"
    (folder / "audio").mkdir(exist_ok=True)
    soundfile.write(folder / name, audio, RATE, subtype="PCM_16")
    return Score(**{**asdict(s), "audio": name})
