"""What "x real time" and "% of limit" stand on: the seconds of audio in a call, and the least operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bench.core import Case, Work
from bench.registry import load

QUICK = {
    "stft": {"n_fft": 512, "hop_length": 128, "center": True, "sample_rate": 16000},
    "mel": {"preset": "tts"},
    "resample": {"source_rate": 48000, "target_rate": 16000},
    "quantize": {"format": "mulaw", "signal": "waveform", "sample_rate": 16000},
    "vq": {"quantizer": "kmeans", "stages": 1, "size": 64, "dim": 32},
    "codec": {"bitrate": 12.0, "sample_rate": 16000, "channels": 2},
}
RATES = {"mel": 22050, "resample": 48000, "vq": 24000}


def case(suite: str, **params: Any) -> Case:
    return Case(suite, {**QUICK.get(suite, {}), "batch": 3, "seconds": 0.5, **params})


@pytest.mark.parametrize("suite", QUICK)
def test_a_call_handles_all_the_audio_of_its_batch(suite: str) -> None:
    found, c = load().suite(suite), case(suite)
    audio = found.audio(c)
    assert len(audio) == 3 and found.audio_seconds(c) == 3 * audio.shape[-1] / RATES.get(suite, 16000)


def test_rows_of_a_transform_are_samples_at_16_khz() -> None:
    assert load().suite("fft").audio_seconds(Case("fft", {"n": 512, "batch": 64})) == 64 * 512 / 16000


@pytest.mark.parametrize(("chunk", "seconds"), [(0.0, 24 * 0.8), (0.5, 24 * 0.5), (1.5, 24 * 0.8)])
def test_a_loader_delivers_crops_and_not_the_silence_after_short_files(chunk: float, seconds: float) -> None:
    c = Case("load", {"files": 24, "seconds": 0.8, "chunk": chunk})
    assert load().suite("load").audio_seconds(c) == pytest.approx(seconds)


def work(c: Case, op: str) -> Work:
    return load().suite(c.suite).work(c, op)


def test_the_inverse_transform_multiplies_once_more_for_the_overlap() -> None:
    c = case("stft", batch=2, seconds=1.0)
    assert work(c, "inverse").flops == 2 * 126 * (2.5 * 512 * 9 + 2 * 512)
    assert work(c, "inverse").bytes == work(c, "forward").bytes


@pytest.mark.parametrize(
    ("preset", "op", "frames", "beyond"),
    [
        ("whisper80", "mel", 50, 0),
        ("whisper80", "log_mel", 50, 80),
        ("bsqvit", "mfcc", 51, 128 + 2 * 13 * 128),
        ("kaldi", "fbank", 48, 4 * 400 + 80),
    ],
)
def test_a_mel_frame_costs_its_transform_its_power_its_triangles_and_what_follows(
    preset: str, op: str, frames: int, beyond: int
) -> None:
    from suites.mel import PRESETS, filterbank

    p = PRESETS[preset]
    weights = sum(value != 0 for row in filterbank(p).tolist() for value in row)
    transform = 2.5 * p.n_fft * math.log2(p.n_fft) + p.win_length + 3 * (p.n_fft / 2 + 1)
    flops = work(case("mel", preset=preset), op).flops
    assert flops == pytest.approx(3 * frames * (transform + 2 * weights + beyond))


@pytest.mark.parametrize(("source", "target"), [(48000, 16000), (44100, 16000), (16000, 24000)])
def test_resampling_takes_kaisers_shortest_filter_at_each_output(source: int, target: int) -> None:
    signal = pytest.importorskip("scipy.signal")
    c = case("resample", source_rate=source, target_rate=target, seconds=2.0)
    taps = signal.kaiserord(40, 0.4 * min(source, target) / source)[0] - 1  # SciPy's is one longer
    found = work(c, "resample")
    assert found.flops == 2 * taps * 3 * 2 * target
    assert found.bytes == 4 * 3 * 2 * (source + target)


@pytest.mark.parametrize(("format", "encode"), [("mulaw", 5), ("int16", 2), ("int8", 3), ("float16", 1)])
def test_encoding_costs_more_operations_than_decoding(format: str, encode: int) -> None:
    """Mu-law: magnitude, logarithm, sign, scaling, rounding; int16: scaling, rounding; int8: the maximum besides."""
    c = case("quantize", format=format)
    assert (work(c, "encode").flops, work(c, "decode").flops) == (3 * 8000 * encode, 3 * 8000)


def test_bits_of_a_value_hold_its_share_of_the_scales() -> None:
    from suites.quantize import bits_per_value, encode

    x = np.ones((1, 10, 4), np.float32)
    assert bits_per_value(encode("int8_band", x)) == 8 + 4 * 32 / 40
