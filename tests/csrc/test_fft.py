"""Real FFTs of every kind of size on every instruction set, against NumPy's float64 transforms."""

from __future__ import annotations

import numpy as np
import pytest
from audiokern import AudiokernError, isas
from audiokern.fft import Fft

pytestmark = pytest.mark.parametrize("isa", isas())

ERROR = 5e-7
SIZES = [
    *range(1, 67),
    90,
    97,
    120,
    243,
    254,
    400,
    405,
    480,
    512,
    640,
    800,
    625,
    960,
    1000,
    1021,
    1024,
    1022,
    1536,
    2048,
]
SIZES += [98, 294, 686, 882, 2187, 3125, 4096, 4098, 5000, 6480, 8192, 10007, 16384, 65536]


def row_error(out: np.ndarray, reference: np.ndarray) -> float:
    return float(np.max(np.linalg.norm(out - reference, axis=-1) / np.linalg.norm(reference, axis=-1)))


@pytest.mark.parametrize("n", SIZES)
def test_both_ways(isa: str, n: int) -> None:
    rng = np.random.default_rng(n)
    plan = Fft(n, isa=isa)
    for rows in (1, 3, 16, 37) if n < 3000 else (2,):
        x = rng.standard_normal((rows, n)).astype(np.float32)
        spectrum = plan.forward(x)
        assert row_error(spectrum, np.fft.rfft(x.astype(np.float64))) < ERROR
        assert row_error(plan.inverse(spectrum), x) < 2 * ERROR
        any_spectrum = rng.standard_normal((rows, n // 2 + 1)) + 1j * rng.standard_normal((rows, n // 2 + 1))
        any_spectrum = any_spectrum.astype(np.complex64)
        assert row_error(plan.inverse(any_spectrum), np.fft.irfft(any_spectrum.astype(complex), n)) < ERROR


@pytest.mark.parametrize("n", [1, 2, 7, 30, 97, 256, 400, 1024])
def test_side_by_side(isa: str, n: int) -> None:
    plan = Fft(n, threads=2, isa=isa)
    x = np.random.default_rng(n).standard_normal((5, n, plan.lanes)).astype(np.float32)
    out = plan.bind_lanes(x)()
    expected = np.fft.rfft(x.astype(np.float64), axis=1)
    assert row_error(np.moveaxis(out[:, :, 0] + 1j * out[:, :, 1], 1, 2), np.moveaxis(expected, 1, 2)) < ERROR
    back = plan.bind_lanes(out, inverse=True)().copy()
    room = np.empty(out.size + 1, np.float32)[1:].reshape(out.shape)  # aligned to nothing
    room[...] = out
    np.testing.assert_array_equal(plan.bind_lanes(room, inverse=True)(), back)
    assert row_error(np.moveaxis(back, 1, 2), np.moveaxis(x, 1, 2)) < 2 * ERROR
    with pytest.raises(ValueError, match="x must be"):
        plan.bind_lanes(x[:, 1:])


def test_impulses_are_exact_exponentials(isa: str) -> None:
    for n in (64, 400, 97):
        plan, k = Fft(n, isa=isa), np.arange(n // 2 + 1)
        out = plan.forward(np.eye(n, dtype=np.float32))
        np.testing.assert_allclose(out, np.exp(-2j * np.pi * np.outer(np.arange(n), k) / n), atol=5e-7)


def test_no_rows_and_no_size(isa: str) -> None:
    assert Fft(8, isa=isa).forward(np.zeros((0, 8), np.float32)).shape == (0, 5)
    for n in (0, -2):
        with pytest.raises(AudiokernError):
            Fft(n, isa=isa)
    with pytest.raises(AudiokernError, match="size"):  # before the tables are made, which are of gigabytes
        Fft(2**30, isa=isa)
    with pytest.raises(ValueError, match="rows of 9"):
        Fft(8, isa=isa).forward(np.zeros(9))


def test_threads_agree_bit_for_bit(isa: str) -> None:
    x = np.random.default_rng(0).standard_normal((1000, 512)).astype(np.float32)
    np.testing.assert_array_equal(Fft(512, threads=3, isa=isa).forward(x), Fft(512, isa=isa).forward(x))


def test_a_bound_call_does_what_a_plain_one_does(isa: str) -> None:
    x = np.random.default_rng(0).standard_normal((5, 40)).astype(np.float32)
    plan = Fft(40, isa=isa)
    bound = plan.bind(x)
    back = plan.bind(bound(), inverse=True)
    np.testing.assert_array_equal(bound.out, plan.forward(x))
    np.testing.assert_array_equal(back(), plan.inverse(bound.out))
    x[:] = 1  # the input may change between calls
    np.testing.assert_array_equal(bound(), plan.forward(x))
    with pytest.raises(ValueError, match="rows of 40"):
        plan.bind(np.zeros((2, 40)), inverse=True)
