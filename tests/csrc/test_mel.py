"""Fused mel, log-mel, MFCC and Kaldi filter banks against float64, and against kaldi-native-fbank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from audiokern import AudiokernError, isas
from audiokern.mel import Mel
from audiokern.stft import Config

pytestmark = pytest.mark.parametrize("isa", isas())

PRESETS = [  # n_fft, hop, mels, rate
    (400, 160, 80, 16000),
    (400, 160, 128, 16000),
    (512, 160, 80, 16000),
    (1024, 256, 80, 22050),
    (1024, 160, 128, 16000),
    (2048, 512, 128, 44100),
]


def hann(n: int) -> np.ndarray:
    return (np.sin(np.pi * np.arange(n) / n) ** 2).astype(np.float32)


def triangles(n_fft: int, mels: int, rate: int) -> np.ndarray:
    """HTK-spaced triangles, some of them empty: what the tests need is only a sparse matrix."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, mels + 2) / 2595) - 1)
    f = np.linspace(0, rate / 2, n_fft // 2 + 1)
    up = (f - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - f) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down)).astype(np.float32)


def signal(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(5).standard_normal(shape)).astype(np.float32)


def reference(x: np.ndarray, n: int, hop: int, filters: np.ndarray, power: int = 2) -> np.ndarray:
    """(..., mels, frames) in float64, centred and reflected."""
    x = np.pad(x.astype(np.float64), [(0, 0)] * (x.ndim - 1) + [(n // 2, n // 2)], mode="reflect")
    frames = (x.shape[-1] - n) // hop + 1
    spectrum = np.fft.rfft(x[..., hop * np.arange(frames)[:, None] + np.arange(n)] * hann(n).astype(np.float64))
    return np.swapaxes(np.abs(spectrum) ** power @ filters.T.astype(np.float64), -1, -2)


def error(out: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(out - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize(("n", "hop", "mels", "rate"), PRESETS)
def test_power_and_magnitude(isa: str, n: int, hop: int, mels: int, rate: int) -> None:
    x, filters = signal(2, 30_001), triangles(n, mels, rate)
    config = Config(n, hop, hann(n))
    for power in (1, 2):
        expected = reference(x, n, hop, filters, power)
        assert error(Mel(config, filters, power, isa=isa)(x), expected) < 1e-6
        turned = Mel(config, filters, power, frames_first=True, isa=isa)(x)
        assert error(np.swapaxes(turned, -1, -2), expected) < 1e-6


@pytest.mark.parametrize("log", ["ln", "log10", "db"])
def test_logarithms(isa: str, log: str) -> None:
    filters, x = triangles(400, 80, 16000), signal(20_000)
    x[5000:9000] = 0
    values = np.maximum(reference(x, 400, 160, filters), 1e-10)
    expected = {"ln": np.log(values), "log10": np.log10(values), "db": 10 * np.log10(values)}[log]
    out = Mel(Config(400, 160, hann(400)), filters, log=log, floor=1e-10, isa=isa)(x)
    np.testing.assert_allclose(out, expected, rtol=3e-6, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("frames_first", [True, False])
def test_whisper(isa: str, threads: int, frames_first: bool) -> None:
    """log10, at most 8 below each row's maximum, then (v + 4) / 4; the last frame, loudest of all, does not count."""
    filters, x = triangles(400, 80, 16000), signal(70, 3000)
    x *= np.geomspace(1e-3, 1, 70, dtype=np.float32)[:, None]
    x[:, 1000:2000] *= 1e-6
    x[:, 2950:] *= 1e3
    plan = Mel(
        Config(400, 160, hann(400), center="drop_last"),
        *(filters, 2, "log10", 1e-10, 8.0, 4.0, 0.25),
        frames_first=frames_first,
        threads=threads,
        isa=isa,
    )
    out = plan(x)
    expected = np.log10(np.maximum(reference(x, 400, 160, filters)[..., :-1], 1e-10))
    expected = (np.maximum(expected, expected.max((1, 2), keepdims=True) - 8) + 4) / 4
    # a filter of one bin in which the signal nearly cancels has a larger relative error
    np.testing.assert_allclose(np.swapaxes(out, 1, 2) if frames_first else out, expected, atol=1e-4)
    one_row = plan(x[40])
    np.testing.assert_array_equal(one_row, out[40])


def test_mfcc(isa: str) -> None:
    from scipy.fft import dct

    filters, x = triangles(512, 40, 16000), signal(2, 16_000)
    matrix = dct(np.eye(40), norm="ortho", axis=0)[:13]
    out = Mel(Config(512, 160, hann(512)), filters, log="db", floor=1e-10, dct=matrix, isa=isa)(x)
    expected = matrix @ (10 * np.log10(np.maximum(reference(x, 512, 160, filters), 1e-10)))
    assert out.shape == expected.shape
    np.testing.assert_allclose(out, expected, rtol=2e-6, atol=1e-4)


def test_odd_filters(isa: str) -> None:
    """Empty, one bin, the last bin, everything, negative weights; and very small transforms."""
    for n in (4, 6, 8, 10, 64):
        bins = n // 2 + 1
        filters = np.zeros((6, bins), np.float32)
        filters[1, 0] = filters[2, -1] = 1
        filters[3] = np.arange(bins) + 1
        filters[4, bins // 2] = -2
        filters[5, 1:] = 1
        x = signal(2, 5 * n + 1)
        assert error(Mel(Config(n, n // 2, hann(n)), filters, isa=isa)(x), reference(x, n, n // 2, filters)) < 1e-6


def kaldi(x: np.ndarray, window: np.ndarray, filters: np.ndarray, snip_edges: bool) -> np.ndarray:
    """Kaldi's steps in float64: (frames, mels) before the logarithm."""
    length, hop, x = window.size, 160, x.astype(np.float64)
    if snip_edges:
        starts = range(0, x.size - length + 1, hop)
    else:
        count = (x.size + hop // 2) // hop
        starts = range(hop // 2 - length // 2, hop // 2 - length // 2 + count * hop, hop)
    rows = []
    for start in starts:
        at = np.arange(start, start + length) % (2 * x.size)
        frame = x[np.where(at < x.size, at, 2 * x.size - 1 - at)]
        frame = frame - frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        rows.append(np.abs(np.fft.rfft(frame * window, 512)) ** 2)
    return np.array(rows) @ filters.T


@pytest.mark.parametrize("snip_edges", [True, False])
def test_kaldi_steps(isa: str, snip_edges: bool) -> None:
    window = (np.hanning(400) ** 0.85).astype(np.float32)
    filters = triangles(512, 80, 16000)
    config = Config(512, 160, window, center=False if snip_edges else "hop", pad_mode="symmetric", window_first=True)
    plan = Mel(config, filters, remove_mean=True, preemphasis=0.97, frames_first=True, isa=isa)
    for samples in (16_000, 12_345, 400, 559, 560):
        x = signal(samples) + np.float32(0.3)
        expected = kaldi(x, window.astype(np.float64), filters.astype(np.float64), snip_edges)
        out = plan(x)
        assert out.shape == expected.shape
        assert error(out, expected) < 1e-6


def test_against_kaldi_native_fbank(isa: str) -> None:
    knf: Any = pytest.importorskip("kaldi_native_fbank")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = 16000
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = 80
    options.use_energy = False
    x = signal(16_000) * 32768
    rival = knf.OnlineFbank(options)
    rival.accept_waveform(16000, x.tolist())
    rival.input_finished()
    expected = np.array([rival.get_frame(i) for i in range(rival.num_frames_ready)])

    def mel(f: Any) -> Any:
        return 1127 * np.log(1 + f / 700)

    edges = np.linspace(mel(20), mel(8000), 82)
    at = mel(np.arange(257) * 16000 / 512)
    up, down = (at - edges[:-2, None]), (edges[2:, None] - at)
    filters = np.maximum(0, np.minimum(up, down) / (edges[1] - edges[0]))
    filters[:, -1] = 0  # Kaldi leaves out the Nyquist bin
    config = Config(512, 160, np.hanning(400) ** 0.85, center=False, window_first=True)
    plan = Mel(
        config,
        filters,
        log="ln",
        floor=float(np.finfo(np.float32).eps),
        remove_mean=True,
        preemphasis=0.97,
        frames_first=True,
        isa=isa,
    )
    # in its faintest band the rival is 2.4e-4 off float64, and ours 1.8e-4 to 2.4e-4 to either side
    np.testing.assert_allclose(plan(x), expected, atol=5e-4)


@pytest.mark.parametrize("frame", [16, 17])
def test_a_frame_of_nan_leaves_the_maximum_to_the_others(isa: str, frame: int) -> None:
    """Be it the first of a vector of frames or not."""
    x, filters, config = signal(16_000), triangles(400, 80, 16000), Config(400, 400, hann(400), center=False)
    x[8000:] *= 1e-4
    x[frame * 400 + 200] = np.nan
    logs = Mel(config, filters, log="log10", frames_first=True, isa=isa)(x)
    others = np.delete(np.arange(40), frame)
    expected = np.maximum(logs, logs[others].max() - np.float32(3))
    clamped = Mel(config, filters, log="log10", range=3.0, frames_first=True, isa=isa)(x)
    np.testing.assert_array_equal(clamped[others], expected[others])
    assert np.isnan(clamped[frame]).any()


def test_threads_agree_bit_for_bit(isa: str) -> None:
    x, filters, config = signal(2, 60_000), triangles(400, 80, 16000), Config(400, 160, hann(400))
    one, three = Mel(config, filters, isa=isa), Mel(config, filters, threads=3, isa=isa)
    for _ in range(10):
        np.testing.assert_array_equal(three(x), one(x))


def test_bound_call(isa: str) -> None:
    filters, x = triangles(400, 80, 16000), signal(20_000)
    plan = Mel(Config(400, 160, hann(400)), filters, isa=isa)
    call = plan.bind(x)
    x *= 3
    np.testing.assert_array_equal(call(), plan(x))


def test_refused(isa: str) -> None:
    config, filters = Config(400, 160, hann(400)), triangles(400, 80, 16000)
    with pytest.raises(AudiokernError, match="argument"):
        Mel(config, filters, power=3, isa=isa)
    with pytest.raises(AudiokernError, match="argument"):
        Mel(config, filters, log="db", range=80.0, dct=np.eye(80), isa=isa)
    with pytest.raises(ValueError, match="filters"):
        Mel(config, filters[:, :-1], isa=isa)
    with pytest.raises(ValueError, match="log"):
        Mel(config, filters, log="log2", isa=isa)
