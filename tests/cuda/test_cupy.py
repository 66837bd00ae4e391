"""CuPy's and nvmath-python's implementations on NumPy in CuPy's place; the suites judge. A GPU's part is not seen."""

import shutil
import sys
import types

import numpy as np
import pytest
import scipy.signal

from bench import Case, Unsupported
from bench.registry import load
from tests.cuda import fake_cupy

OWN = ("impls._cupy", "impls._nvmath", "impls.stft._cupy", "impls.mel._cupy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not shutil.which("g++"):
        pytest.skip("no C++ compiler is here to compile CuPy's kernels with")
    return tmp_path_factory.mktemp("cupy")


@pytest.fixture
def fake(folder, monkeypatch):
    made = fake_cupy.module(folder)
    signal = types.ModuleType("cupyx.scipy.signal")
    signal.__dict__.update({n: getattr(scipy.signal, n) for n in ("stft", "istft", "resample_poly")})
    fft = types.ModuleType("nvmath.fft")
    fft.FFT = fake_cupy.FFT
    replaced = {"cupy": made, "cupy.fft": made.fft, "cupyx": types.ModuleType("cupyx"), "cupyx.scipy.signal": signal}
    replaced |= {
        "cupyx.scipy": types.ModuleType("cupyx.scipy"),
        "nvmath": types.ModuleType("nvmath"),
        "nvmath.fft": fft,
    }
    for name, module in replaced.items():
        monkeypatch.setitem(sys.modules, name, module)
    for name in OWN:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield made
    for name in OWN:
        sys.modules.pop(name, None)


def stft(n_fft, hop_length, center, batch=2):
    sizes = {"n_fft": n_fft, "hop_length": hop_length, "center": center}
    return sizes | {"sample_rate": 16000, "batch": batch, "seconds": 0.30006}


STFTS = [stft(400, 160, True), stft(512, 128, False), stft(1024, 256, True)]
RATES = {"source_rate": 44100, "target_rate": 16000, "batch": 2, "seconds": 0.5}
CASES = [("stft", impl, params) for impl in ("cupy", "cupy:raw", "cupy:signal", "nvmath") for params in STFTS]
CASES += [
    ("mel", impl, {"preset": preset, "batch": 2, "seconds": 0.3})
    for impl in ("cupy", "cupy:raw")
    for preset in ("whisper80", "tts", "bsqvit")
]
CASES += [("resample", impl, RATES) for impl in ("cupy", "cupy:kaiser_best")]
CASES += [("fft", impl, {"n": n, "batch": 3}) for impl in ("cupy", "nvmath") for n in (400, 441)]


@pytest.mark.parametrize(("suite", "impl", "params"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_an_implementation_answers_rightly_and_twice(fake, suite, impl, params):
    judge, made = load().suite(suite), load().find(suite, impl)
    assert made.devices == ("cuda",)
    case = Case(suite, params, device="cuda:1")
    inputs = judge.inputs(case, judge.audio(case))
    ops = made.ops(case, judge)
    assert set(ops) == set(inputs) or suite == "mel"
    assert fake.cuda.Device.used[-1] == 1
    for op, call in ops.items():
        if op not in inputs:
            continue
        outs = [call.call(inputs[op]) for _ in range(2)]
        check = judge.check(case, op, inputs[op], outs[0], judge.reference(case, op, inputs[op]))
        assert not check.wrong, (op, check)
        assert np.array_equal(*outs)
        assert call.stream() == 1234


def test_the_pool_tells_its_peak_since_last_asked(fake):
    from impls._cupy import allocated

    assert [allocated(), allocated()] == [3000, 1000]


def test_a_driver_that_is_missing_is_one_line(fake, monkeypatch):
    def fail(*shape):
        raise RuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient\nmore")

    monkeypatch.setattr(fake, "zeros", fail)
    with pytest.raises(Unsupported, match=r"^CuPy finds no CUDA device: cudaErrorInsufficientDriver.*insufficient$"):
        load().find("stft", "cupy").ops(Case("stft", STFTS[0], device="cuda"), load().suite("stft"))
