"""Our own implementations for CUDA, host code and kernels, on the emulated GPU; the suites judge."""

from math import gcd

import numpy as np
import pytest

from bench import Case, Unsupported
from bench.registry import load


def stft(n_fft, hop_length, center, batch):
    sizes = {"n_fft": n_fft, "hop_length": hop_length, "center": center}
    return sizes | {"sample_rate": 16000, "batch": batch, "seconds": 0.3}


SIXTEEN_BITS = ("float16", "bfloat16")
CASES = [
    (
        "stft",
        "cuda",
        {"n_fft": 400, "hop_length": 160, "center": True, "sample_rate": 16000, "batch": 2, "seconds": 0.3},
    ),
    (
        "stft",
        "cuda",
        {"n_fft": 512, "hop_length": 128, "center": False, "sample_rate": 16000, "batch": 1, "seconds": 0.3},
    ),
    ("mel", "cuda", {"preset": "whisper80", "batch": 2, "seconds": 0.3}),
    ("mel", "cuda", {"preset": "bsqvit", "batch": 2, "seconds": 0.2}),
    ("mel", "cuda", {"preset": "tts", "batch": 1, "seconds": 0.2}),
    ("mel", "cuda", {"preset": "power1024", "batch": 1, "seconds": 0.3}),
    ("mel", "cuda", {"preset": "kaldi", "batch": 2, "seconds": 0.3}),
    *[("mel", f"cuda:{output}", {"preset": "whisper80", "batch": 1, "seconds": 0.2}) for output in SIXTEEN_BITS],
    *[("stft", f"cuda:{output}", stft(400, 160, True, 1)) for output in SIXTEEN_BITS],
    ("resample", "cuda:low", {"source_rate": 48000, "target_rate": 16000, "batch": 1, "seconds": 0.5}),
    ("resample", "cuda:hq", {"source_rate": 16000, "target_rate": 24000, "batch": 2, "seconds": 0.5}),
    ("quantize", "cuda", {"format": "mulaw", "signal": "waveform", "seconds": 0.3, "sample_rate": 16000, "batch": 1}),
]


@pytest.mark.parametrize(("suite", "impl", "params"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_an_implementation_answers_rightly(emulated_gpu, suite, impl, params):
    judge, made = load().suite(suite), load().find(suite, impl)
    case = Case(suite, params, device="cuda")
    inputs = judge.inputs(case, judge.audio(case))
    ops = made.ops(case, judge)
    assert ops
    for op, call in ops.items():
        if op in inputs:
            out = call.call(inputs[op])
            check = judge.judge(call, case, op, inputs[op], np.asarray(out), judge.reference(case, op, inputs[op]))
            assert not check.wrong, (op, check)


def test_float16_has_no_energies(emulated_gpu):
    made, judge = load().find("mel", "cuda:float16"), load().suite("mel")
    sizes = {"batch": 1, "seconds": 0.2}
    assert set(made.ops(Case("mel", {"preset": "bsqvit", **sizes}, device="cuda"), judge)) == {"log_mel"}
    with pytest.raises(Unsupported, match=r"^float16 has no room for the energies of power1024$"):
        made.ops(Case("mel", {"preset": "power1024", **sizes}, device="cuda"), judge)


def test_residual_search_takes_the_nearest_codewords(emulated_gpu, monkeypatch):
    from impls.vq import _cuda

    rng = np.random.default_rng(1)
    books = rng.standard_normal((3, 70, 16)).astype(np.float32)
    books[1, 7] = books[1, 3]  # the first of equals is taken
    x = rng.standard_normal((45, 16)).astype(np.float32)
    monkeypatch.setattr(_cuda, "codebooks", lambda case: books)
    case = Case("vq", {"quantizer": "residual", "dim": 16}, device="cuda")
    out = np.asarray(load().find("vq", "cuda").ops(case, load().suite("vq"))["encode"].call((x,)))
    left = x.astype(np.float64)
    for book, index in zip(books.astype(np.float64), out, strict=True):
        distances = ((left[:, None] - book) ** 2).sum(2)
        assert (distances[np.arange(45), index] <= distances.min(1) + 1e-5).all()
        left = left - book[index]
    assert not (out[1] == 7).any()


@pytest.mark.parametrize(("source", "target"), [(48000, 16000), (16000, 24000), (44100, 16000)])
def test_the_hq_filter_is_as_good_as_it_says(source, target):
    from impls.resample._cuda import phases

    filter, before = phases(source, target, hq=True)
    up, taps = filter.shape
    assert (taps, filter.dtype) == (2 * before + 1, np.float64)
    step = pow(source // gcd(source, target), -1, up) if up > 1 else 0
    prototype = filter[np.arange(up) * step % up][::-1].T.ravel()  # one phase after another, at up times the rate
    lower, rate = min(source, target) / 2, up * source
    hertz = np.fft.rfftfreq(1 << 20, 1 / rate)
    gain = 20 * np.log10(np.maximum(np.abs(np.fft.rfft(prototype, 1 << 20)) / up, 1e-12))
    assert np.abs(gain[hertz < 0.93 * lower]).max() < 0.1
    assert gain[(hertz > 1.02 * lower) & (hertz < rate / 2)].max() < -118
