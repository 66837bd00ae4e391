"""Results in 16 bits: the kernels' float32, rounded once, where float16 and bfloat16 round it."""

import numpy as np
import pytest

from bench import Case
from suites import mel, stft
from suites.quantize import round_binary
from tests.cuda.conftest import Emulated

RNG = np.random.default_rng(3)


def nearest(x, digits, least, beyond):
    """By the definition of a format of ``digits`` from 2**least on, infinite from ``beyond`` on; float64."""
    y = round_binary(x, digits, least)
    return np.where(np.abs(y) >= beyond, np.copysign(np.inf, y), y)


ROUNDED = {
    "float16": lambda x: nearest(x, 11, -14, 2.0**16),
    "bfloat16": lambda x: nearest(x, 8, -126, 2.0**128),
}
UNIT = {"float16": 2.0**-11, "bfloat16": 2.0**-8}  # the most that one rounding may change, relatively


def opened(out):
    """What the device wrote, in float64."""
    out = np.asarray(out)
    return ((out.astype(np.uint32) << 16).view(np.float32) if out.dtype == np.uint16 else out).astype(np.float64)


def edges(output):
    """Ties, subnormal numbers, the largest ones, and what lies on either side of each."""
    digits, least = (11, -14) if output == "float16" else (8, -126)
    steps = np.arange(2 ** (digits - 1), 2**digits, 7) + 0.5
    exponents = np.arange(least, 16)[:, None]
    normal = (np.ldexp(steps, exponents - digits + 1)).astype(np.float32).ravel()
    subnormal = np.ldexp(np.arange(0, 2**digits) / 2, least - digits + 1).astype(np.float32)
    special = np.float32([0, 1, 65504, 65520, 1e-45, np.inf])
    all_of = np.concatenate([normal, subnormal, special])
    near = [all_of, np.nextafter(all_of, np.float32(np.inf)), np.nextafter(all_of, np.float32(0))]
    return np.concatenate([*near, -all_of])


@pytest.mark.parametrize("output", ROUNDED)
def test_a_value_becomes_the_nearest_and_of_two_the_even(emulated, output):
    from impls._cuda import OUTPUTS

    written, dtype = OUTPUTS[output]
    launch = emulated("written.cu", "written", "const float *, int, real_out *", OUTPUT=written)
    values = edges(output)
    out = np.full(len(values) + 1, 77, dtype)
    launch((1, 1), 8, 8, values, len(values), out)
    assert np.array_equal(opened(out[:-1]), ROUNDED[output](values.astype(np.float64)))
    assert np.array_equal(np.signbit(opened(out[:-1])), np.signbit(values))
    assert opened(out[-1:]) == opened(np.array([77], dtype))  # and nothing beyond
    nan = np.full(1, np.nan, np.float32)
    nan_of_all_bits = np.array([0x7FFFFFFF], np.uint32).view(np.float32)
    for value in (nan, nan_of_all_bits):
        launch((1, 1), 1, 8, value, 1, out)
        assert np.isnan(opened(out[:1]))


@pytest.fixture
def gpu(emulated, emulated_gpu):
    """Of few threads: these tests are about numbers, and each thread waits for all others at every barrier."""
    made = Emulated(emulated)
    made.threads = 4
    return made


MELS = [("whisper80", True), ("kaldi", True), ("tts", False)]


@pytest.mark.parametrize(("preset", "log"), MELS)
def test_mels_are_rounded_once(gpu, preset, log):
    from impls.mel._cuda import fused

    case = Case("mel", {"preset": preset, "batch": 2, "seconds": 0.13}, device="cuda")
    audio = (0.3 * RNG.standard_normal((2, mel.samples(case)))).astype(np.float32)
    single = np.asarray(fused(gpu, case, log)(audio)).astype(np.float64)
    energies = mel.mel(case, audio)
    exact = mel.log_mel(case, energies) if log else energies
    for output, rounded in ROUNDED.items():
        out = opened(fused(gpu, case, log, output)(audio))
        assert np.array_equal(out, rounded(single)), output
        assert 0.1 * UNIT[output] < np.linalg.norm(out - exact) / np.linalg.norm(exact) < UNIT[output]


def test_spectra_are_rounded_once(gpu):
    from impls.stft._cuda import forward

    sizes = {"n_fft": 60, "hop_length": 25, "center": True, "sample_rate": 1000, "batch": 2, "seconds": 0.4}
    case = Case("stft", sizes, device="cuda")
    audio = (0.3 * RNG.standard_normal((2, stft.samples(case)))).astype(np.float32)
    single = np.asarray(forward(gpu, case)(audio))
    parts = single.view(np.float32).reshape(*single.shape, 2).astype(np.float64)
    exact = np.ascontiguousarray(stft.forward(case, audio)).view(np.float64).reshape(parts.shape)
    for output, rounded in ROUNDED.items():
        out = opened(forward(gpu, case, output)(audio))
        assert np.array_equal(out, rounded(parts)), output
        assert 0.1 * UNIT[output] < np.linalg.norm(out - exact) / np.linalg.norm(exact) < UNIT[output]
