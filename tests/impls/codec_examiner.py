"""Run as a script: puts codecs through round trips, one JSON line a codec and setting.

``codec_examiner.py [--damage] NAME...`` prints ``{"start": name}`` and then, for each of SETTINGS that the codec takes,
``{"name": ..., "setting": ..., "problems": [...], ...figures}``; a codec that cannot run here says ``{"skipped":
reason}``. With ``--damage`` packets are corrupted and truncated instead. A process of its own, because a C library
may take it down.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from bench import Case, Codec, Unsupported
from bench.codec import ops
from bench.registry import load
from bench.signals import speech

SETTINGS = ((12.0, 16000, 1), (64.0, 48000, 2))
"""kbit/s, Hz, channels."""

DRAWS_PHASES = ("codec2",)
"""Decoders that draw random numbers from a state that no call resets: the same packets sound otherwise each time."""

PASSING = ((6.0, 8000, 1), (32.0, 44100, 1), (0.5, 16000, 1), (1000.0, 48000, 1))
"""Settings for which a short round trip is enough: other rates, and bitrates out of everybody's reach."""


def case_of(setting: tuple[float, int, int]) -> Case:
    return Case("codec", {**dict(zip(("bitrate", "sample_rate", "channels"), setting, strict=True)), "seconds": 1.0})


def make(name: str, setting: tuple[float, int, int]) -> Codec:
    """The codec for a setting; Unsupported where it cannot."""
    implementation = load().find("codec", name)
    for module in implementation.requires:
        try:
            __import__(module)
        except (ImportError, OSError) as error:
            raise Unsupported(str(error)) from error
    codec = implementation.make(case_of(setting), **implementation.variant)
    if setting[2] > codec.channels:
        raise Unsupported("mono only")
    return codec


def spoken(codec: Codec, seconds: float, channels: int) -> np.ndarray:
    """Speech-like sound, float32 (channels, samples), a voice of its own in each channel."""
    return np.stack([_voice(round(seconds * codec.rate), codec.rate, seed) for seed in range(channels)])


_voice = cache(speech)


def signals(codec: Codec, channels: int) -> dict[str, np.ndarray]:
    """Sounds of 0.1 s to 1 s that codecs trip over."""
    random = np.random.default_rng(0)
    count = codec.rate // 4
    full = np.where(random.uniform(-1, 1, (channels, count)) < 0, np.float32(-1), np.float32(1))
    return {
        "silence": np.zeros((channels, codec.rate), np.float32),
        "full scale": full,
        "DC at full scale": np.ones((channels, count), np.float32),
        "0.1 s": spoken(codec, 0.1, channels),
        "1 s": spoken(codec, 1.0, channels),
        "an odd length": spoken(codec, 0.3, channels)[:, : (codec.rate // 4) | 1],
        "a view of a larger array": spoken(codec, 0.5, 2 * channels)[::2, ::2],
    }


def trips(codec: Codec, sounds: dict[str, np.ndarray], steady: bool) -> Iterator[str]:
    """What is wrong with the round trips of these sounds."""
    for name, sound in sounds.items():
        before = sound.copy()
        try:
            packets = codec.encode(sound)
            out = codec.decode(packets)
        except Exception as error:
            yield f"{name}: {type(error).__name__}: {error}"
            continue
        if not np.array_equal(sound, before):
            yield f"{name}: its input was changed"
        if not packets or not all(isinstance(packet, bytes) and packet for packet in packets):
            yield f"{name}: its packets are not all bytes"
        if packets != codec.encode(sound):
            yield f"{name}: encoded again, it gives other packets"
        if steady and not np.array_equal(out, codec.decode(packets)):
            yield f"{name}: decoded again, it gives other samples"
        if out.dtype != np.float32 or out.ndim != 2 or len(out) != len(sound):
            yield f"{name}: gives {out.dtype} {out.shape} for {sound.shape}"
        elif out.shape[1] < sound.shape[1]:
            yield f"{name}: gives {out.shape[1]} samples for {sound.shape[1]}"
        elif not np.isfinite(out).all() or np.abs(out).max() > 4:
            yield f"{name}: gives samples that are not finite, or far beyond full scale"
        elif name == "silence" and np.abs(out).max() > 0.02:
            yield f"silence comes back as sound that peaks at {np.abs(out).max():.3f}"


def refuses(codec: Codec, setting: tuple[float, int, int]) -> Iterator[str]:
    """NaN and infinity reach no library, some of which end the process on them."""
    case = case_of(setting)
    for value in (np.nan, np.inf):
        sound = speech(8000, case.sample_rate)[None].repeat(case.channels, axis=0)
        sound[-1, 100] = value
        for name, op in ops(codec, case).items():
            try:
                op.call((sound,))
            except ValueError as error:
                if "NaN" in str(error):
                    continue
            yield f"{name} takes {value}"


def streams(codec: Codec, sound: np.ndarray, steady: bool) -> Iterator[str]:
    """The same samples frame by frame as at once, as far as they go."""
    if codec.stream is None or not codec.frame:
        return
    feed, count = codec.stream(), sound.shape[1] // codec.frame
    parts = [feed(sound[:, at * codec.frame : (at + 1) * codec.frame]) for at in range(count)]
    together = np.concatenate(parts, axis=1)
    whole = codec.decode(codec.encode(sound))
    if together.shape[1] < (count - 6) * codec.frame:
        yield f"streaming {count} frames of {codec.frame} gives only {together.shape[1]} samples"
    if any(part.dtype != np.float32 for part in parts):
        yield "streaming gives other samples than float32"
    if steady and not np.array_equal(together, whole[:, : together.shape[1]]):
        yield "streaming gives other samples than encoding and decoding at once"


def lag(sound: np.ndarray, out: np.ndarray, parametric: bool, rate: int) -> int:
    """By how many samples ``out`` is late: where its cross-correlation peaks, of the envelopes where parametric."""
    count = min(sound.shape[1], out.shape[1])
    pair = [x[0, :count].astype(np.float64) for x in (sound, out)]
    if parametric:
        window = np.hanning(rate // 100)
        pair = [np.convolve(np.abs(x), window, "same") for x in pair]
        pair = [x - x.mean() for x in pair]
    size = 2 * count
    product = np.fft.rfft(pair[1], size) * np.conj(np.fft.rfft(pair[0], size))
    peak = int(np.argmax(np.fft.irfft(product, size)[: rate // 4]))
    return peak


def examine(name: str, setting: tuple[float, int, int]) -> dict[str, Any]:
    codec, channels = make(name, setting), setting[2]
    sound = spoken(codec, 4.0, channels)
    packets = codec.encode(sound)
    out = codec.decode(packets)
    steady = name not in DRAWS_PHASES
    problems = [*trips(codec, signals(codec, channels), steady), *refuses(codec, setting)]
    problems += streams(codec, sound, steady)
    seconds = sound.shape[1] / codec.rate
    return {
        "problems": problems,
        "nominal": codec.nominal,
        "payload": codec.payload_bits(packets) / seconds,
        "container": codec.container_bits(packets) / seconds if codec.container_bits else None,
        "rate": codec.rate,
        "frame": codec.frame,
        "packets": len(packets),
        "delay": codec.delay,
        "lag": lag(sound, out, codec.parametric, codec.rate),
        "exact": bool(np.array_equal(out[:, : sound.shape[1]], np.rint(sound * 32768) / 32768)),
    }


def passes(name: str, setting: tuple[float, int, int]) -> dict[str, Any]:
    codec = make(name, setting)
    return {"problems": list(trips(codec, {"speech": spoken(codec, 0.3, setting[2])}, name not in DRAWS_PHASES))}


def damaged(packets: list[bytes]) -> dict[str, list[bytes]]:
    """The same packets with one of them, or all, spoilt."""
    random = np.random.default_rng(1)
    noise = [random.bytes(len(packet)) for packet in packets]
    flipped = [bytes(255 - byte for byte in packet) for packet in packets]
    middle = len(packets) // 2

    def spoil(new: bytes) -> list[bytes]:
        return [*packets[:middle], new, *packets[middle + 1 :]]

    return {
        "one of noise": spoil(noise[middle]),
        "one inverted": spoil(flipped[middle]),
        "one cut in half": spoil(packets[middle][: len(packets[middle]) // 2]),
        "one of one byte": spoil(packets[middle][:1]),
        "one empty": spoil(b""),
        "one far too long": spoil(packets[middle] * 20),
        "one missing": packets[:middle] + packets[middle + 1 :],
        "all of noise": noise,
        "all cut in half": [packet[: len(packet) // 2] for packet in packets],
        "none": [],
    }


def damage(name: str, setting: tuple[float, int, int]) -> dict[str, Any]:
    """How each kind of damage ends: "sound", or the name of the exception. Afterwards good packets decode as before."""
    codec = make(name, setting)
    packets = codec.encode(spoken(codec, 0.5, setting[2]))
    good, ends, problems = codec.decode(packets), {}, []
    for kind, spoilt in damaged(packets).items():
        print(json.dumps({"damage": kind}), flush=True)
        try:
            out = codec.decode(spoilt)
            ends[kind] = "sound"
            if out.dtype != np.float32 or out.shape[1] > 30 * good.shape[1]:
                problems.append(f"{kind}: gives {out.dtype} {out.shape}")
        except Exception as error:
            ends[kind] = type(error).__name__
        if name not in DRAWS_PHASES and not np.array_equal(codec.decode(packets), good):
            problems.append(f"{kind}: good packets decode to something else afterwards")
    return {"ends": ends, "problems": problems}


def main(names: list[str]) -> None:
    spoil = "--damage" in names
    for name in names:
        if name.startswith("--"):
            continue
        print(json.dumps({"start": name}), flush=True)
        runs = (
            [(damage, s) for s in SETTINGS]
            if spoil
            else [(examine, s) for s in SETTINGS] + [(passes, s) for s in PASSING]
        )
        for run, setting in runs:
            try:
                found = run(name, setting)
            except Unsupported as reason:
                found = {"skipped": str(reason)}
            except Exception as error:
                found = {"problems": [f"{type(error).__name__}: {error}"]}
            print(json.dumps({"name": name, "setting": setting, **found}), flush=True)
        print(json.dumps({"done": name}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
