"""The mel suite's reference against the libraries whose conventions it states, and against what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core import Case
from bench.registry import load

SUITE = load().suite("mel")
from suites.mel import (  # noqa: E402
    FRONT_ENDS,
    N_MFCC,
    OPS,
    PRESETS,
    dct,
    filterbank,
    frames,
    lifter,
    log_mel,
    mel,
    samples,
    to_hertz,
    to_mel,
    window,
)

CENTRED = [name for name in PRESETS if name != "kaldi"]


def case(preset: str, length: int = 8001, batch: int = 1) -> Case:
    return Case("mel", {"preset": preset, "batch": batch, "seconds": length / PRESETS[preset].sample_rate})


def sound(c: Case, seed: int = 0) -> np.ndarray:
    """Noise under a falling slope, so that bands differ by tens of decibels."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(0, 0.01, (c.batch, samples(c))), axis=1).astype(np.float32)


def reference(c: Case, op: str, x: np.ndarray) -> np.ndarray:
    return SUITE.reference(c, op, (x,))


@pytest.mark.parametrize("preset", CENTRED)
def test_filterbank_is_librosas(preset: str) -> None:
    filters = pytest.importorskip("librosa").filters
    p = PRESETS[preset]
    scale = {"htk": True, "norm": None} if p.scale == "htk" else {}
    theirs = filters.mel(sr=p.sample_rate, n_fft=p.n_fft, n_mels=p.n_mels, fmax=p.f_max, dtype=np.float64, **scale)
    np.testing.assert_allclose(filterbank(p), theirs, atol=1e-12)


def test_kaldis_filterbank_is_kaldis() -> None:
    knf = pytest.importorskip("kaldi_native_fbank")
    bands, frame = knf.MelBanksOptions(), knf.FrameExtractionOptions()
    bands.num_bins, bands.low_freq, bands.high_freq = 80, 20, 0
    theirs = knf.MelBanks(bands, frame).get_matrix()
    np.testing.assert_allclose(
        filterbank(PRESETS["kaldi"])[:, : theirs.shape[1]], theirs, atol=3e-5
    )  # theirs is float32


@pytest.mark.parametrize("preset", PRESETS)
def test_every_band_hears_something_and_slaneys_have_unit_area(preset: str) -> None:
    p = PRESETS[preset]
    bank = filterbank(p)
    assert bank.shape == (p.n_mels, p.n_fft // 2 + 1) and (bank >= 0).all()
    assert (bank.sum(axis=1) > 0).all()
    if p.scale == "slaney":
        area = bank[-20:].sum(axis=1) * p.sample_rate / p.n_fft  # the wide ones, which the bins sample well
        np.testing.assert_allclose(area, 1, rtol=0.05)
    else:
        assert bank.max() <= 1


@given(st.floats(0, 24000), st.sampled_from(["slaney", "htk", "kaldi"]))
def test_mel_scales_are_undone(hertz: float, scale: str) -> None:
    assert float(to_hertz(to_mel(hertz, scale), scale)) == pytest.approx(hertz, abs=1e-6)


def test_mel_scales_have_their_landmarks() -> None:
    assert float(to_mel(1000, "slaney")) == 15  # Slaney's linear part ends there
    assert float(to_mel(6400, "slaney")) == 42  # 27 steps for a factor of 6.4
    assert float(to_mel(1000, "htk")) == pytest.approx(1000, abs=0.05)
    assert float(to_mel(1000, "kaldi")) == pytest.approx(1000, abs=0.05)


@pytest.mark.parametrize("preset", PRESETS)
def test_energies_are_the_literal_sums(preset: str) -> None:
    """One frame in the middle, by a dot product with each complex exponential."""
    c = case(preset)
    p, x, m = PRESETS[preset], sound(c), frames(c) // 2
    start = m * p.hop_length - (0 if preset == "kaldi" else p.n_fft // 2)
    piece = x[0, start : start + p.win_length].astype(np.float64)
    if preset == "kaldi":
        piece -= piece.mean()
        piece = piece - 0.97 * np.array([piece[0], *piece[:-1]])
    n, k = np.arange(p.win_length), np.arange(p.n_fft // 2 + 1)[:, None]
    spectrum = np.exp(-2j * math.pi * k * n / p.n_fft) @ (piece * window(p))
    expected = [sum(w * abs(s) ** p.power for w, s in zip(row, spectrum, strict=True)) for row in filterbank(p)]
    np.testing.assert_allclose(mel(c, x)[0, m], expected, rtol=1e-9)


@pytest.mark.parametrize("preset", CENTRED)
def test_mel_is_librosas(preset: str) -> None:
    librosa = pytest.importorskip("librosa")
    c, p = case(preset), PRESETS[preset]
    x = sound(c)
    scale = {"htk": True, "norm": None} if p.scale == "htk" else {}
    sizes = {"sr": p.sample_rate, "n_fft": p.n_fft, "hop_length": p.hop_length, "n_mels": p.n_mels, "fmax": p.f_max}
    theirs = librosa.feature.melspectrogram(y=x.astype(np.float64), power=p.power, pad_mode="reflect", **sizes, **scale)
    np.testing.assert_allclose(reference(c, "mel", x), theirs.swapaxes(1, 2)[:, : frames(c)], rtol=1e-4, atol=1e-10)


@pytest.mark.parametrize("preset", ["whisper80", "whisper128"])
def test_whisper_is_what_transformers_feeds_whisper(preset: str) -> None:
    transformers = pytest.importorskip("transformers")
    c = case(preset, batch=2)
    x = sound(c)
    extractor = transformers.WhisperFeatureExtractor(PRESETS[preset].n_mels)
    theirs = extractor._np_extract_fbank_features(x, "cpu")
    np.testing.assert_allclose(reference(c, "log_mel", x), theirs.swapaxes(1, 2), atol=1e-5)


def test_bsqvit_is_what_torchaudios_defaults_give() -> None:
    torch = pytest.importorskip("torch")
    transforms = pytest.importorskip("torchaudio").transforms
    c = case("bsqvit")
    x = sound(c)
    arguments = {"n_fft": 1024, "hop_length": 160, "n_mels": 128}
    decibels = torch.nn.Sequential(transforms.MelSpectrogram(16000, **arguments), transforms.AmplitudeToDB(top_db=80))
    mfcc = transforms.MFCC(16000, N_MFCC, log_mels=False, melkwargs=arguments)
    for op, theirs in {"log_mel": decibels, "mfcc": mfcc}.items():
        np.testing.assert_allclose(reference(c, op, x), theirs(torch.from_numpy(x)).mT.numpy(), atol=2e-3)


@pytest.mark.parametrize("op", ["fbank", "mfcc"])
def test_kaldi_is_what_kaldi_native_fbank_gives(op: str) -> None:
    knf = pytest.importorskip("kaldi_native_fbank")
    c = case("kaldi")
    x = sound(c)
    options = knf.FbankOptions() if op == "fbank" else knf.MfccOptions()
    options.frame_opts.dither, options.mel_opts.num_bins = 0.0, 80
    if op == "mfcc":
        options.num_ceps, options.use_energy = N_MFCC, False
    computer = (knf.OnlineFbank if op == "fbank" else knf.OnlineMfcc)(options)
    computer.accept_waveform(16000, x[0])
    computer.input_finished()
    theirs = [computer.get_frame(i) for i in range(computer.num_frames_ready)]
    np.testing.assert_allclose(reference(c, op, x)[0], theirs, atol=2e-3)


def test_dct_is_orthonormal_and_scipys() -> None:
    from scipy.fft import dct as scipy_dct

    np.testing.assert_allclose(dct(80) @ dct(80).T, np.eye(N_MFCC), atol=1e-12)
    x = np.random.default_rng(0).normal(size=80)
    np.testing.assert_allclose(dct(80) @ x, scipy_dct(x, norm="ortho")[:N_MFCC], atol=1e-12)


def test_lifter_leaves_the_first_coefficient_and_peaks_at_half_its_length() -> None:
    assert lifter()[0] == 1
    assert lifter().argmax() == 11 and lifter().max() == pytest.approx(12)


@settings(max_examples=20)
@given(st.sampled_from(CENTRED), st.floats(0.1, 10))
def test_energies_grow_with_the_power_of_the_level(preset: str, gain: float) -> None:
    c = case(preset, length=3001)
    x = sound(c).astype(np.float64)
    np.testing.assert_allclose(mel(c, gain * x), gain ** PRESETS[preset].power * mel(c, x), rtol=1e-9, atol=1e-15)


def test_range_is_clipped_below_the_loudest_of_each_row() -> None:
    c = case("bsqvit", batch=2)
    x = sound(c)
    x[0, 2000:] = 0
    x[1] *= 1e-2
    made = reference(c, "log_mel", x)
    assert made[0].min() == pytest.approx(made[0].max() - 80)
    np.testing.assert_allclose(made[1], reference(case("bsqvit"), "log_mel", x[1:])[0])


def test_silence_has_its_stated_values() -> None:
    floors = {"whisper80": -1.5, "whisper128": -1.5, "tts": math.log(1e-5), "bsqvit": -100, "kaldi": math.log(2**-23)}
    for preset, floor in floors.items():
        c = case(preset)
        silent = np.zeros((1, samples(c)), np.float32)
        np.testing.assert_allclose(log_mel(c, mel(c, silent)), floor)


@pytest.mark.parametrize(("preset", "op"), [(preset, op) for preset in PRESETS for op in OPS[preset]])
def test_check_tells_right_from_nearly_right(preset: str, op: str) -> None:
    c = case(preset)
    x = sound(c)
    expected = reference(c, op, x)

    def wrong(out: object) -> str:
        return SUITE.check(c, op, (x,), out, expected).wrong

    assert wrong(expected.astype(np.float32)) == ""
    assert "exceeds" in wrong(reference(c, op, np.roll(x, 3, axis=1)).astype(np.float32))
    assert "exceeds" in wrong((expected * 1.001).astype(np.float32))
    assert "nan exceeds" in wrong(np.full(expected.shape, np.nan, np.float32))
    assert "not float32" in wrong(expected)
    assert "not float32" in wrong(expected[:, :-1].astype(np.float32))
    assert "not an array" in wrong(None)


GRIDS = {
    "quick": {"whisper80", "kaldi"},
    "default": set(FRONT_ENDS),
    "full": set(FRONT_ENDS),
    "kernels": {"power400", "power512", "power1024", "power2048"},
}


@pytest.mark.parametrize("grid", GRIDS)
def test_grids_hold_only_cases_that_make_sense(grid: str) -> None:
    made = [Case("mel", p) for p in SUITE.expand(grid)]
    assert {c.preset for c in made} == GRIDS[grid]
    assert all(SUITE.valid(c) and frames(c) > 0 for c in made)
    assert {op for c in made for op in OPS[c.preset]} == ({"mel"} if grid == "kernels" else set(SUITE.ops))


@pytest.mark.parametrize("preset", PRESETS)
def test_work_and_shapes_agree(preset: str) -> None:
    c = case(preset, batch=2)
    x = sound(c)
    for op, args in SUITE.inputs(c, x).items():
        out = reference(c, op, x)
        assert out.shape == (2, frames(c), N_MFCC if op == "mfcc" else PRESETS[preset].n_mels)
        assert SUITE.work(c, op).bytes == args[0].nbytes + out.astype(np.float32).nbytes
        assert SUITE.work(c, op).flops > 2 * frames(c) * 2.5 * PRESETS[preset].n_fft * math.log2(PRESETS[preset].n_fft)
