"""What Python does before and after the C function: arrays of any origin, shapes that change from call to call."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from audiokern.fft import Fft
from audiokern.mel import Mel
from audiokern.quantize import Int8, Quantizer
from audiokern.resample import Resampler
from audiokern.stft import Config, Istft, Stft
from audiokern.vq import VectorQuantizer

N = 64
BINS = N // 2 + 1
RNG = np.random.default_rng(0)
BOOKS = RNG.standard_normal((2, 16, N)).astype(np.float32)


def config() -> Config:
    return Config(N, 16, np.hanning(N))


def spectra(*lead: int) -> np.ndarray:
    return (RNG.standard_normal((*lead, BINS)) + 1j * RNG.standard_normal((*lead, BINS))).astype(np.complex64)


def samples(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def int8_codes(plan: Int8, x: np.ndarray) -> np.ndarray:
    return plan.encode(x, plan.scales(x))


Call = Callable[[Any, np.ndarray], np.ndarray]
CASES: dict[str, tuple[Callable[[], Any], Call, list[np.ndarray]]] = {  # a plan, a call, and inputs of several shapes
    "stft": (lambda: Stft(config()), lambda p, x: p(x), [samples(400), samples(3, 200), samples(0, 200)]),
    "spectrogram": (lambda: Stft(config()), lambda p, x: p.spectrogram(x, 1), [samples(400), samples(3, 200)]),
    "istft": (lambda: Istft(config()), lambda p, x: p(x), [spectra(20), spectra(2, 30), spectra(0, 30)]),
    "mel": (
        lambda: Mel(config(), np.ones((4, BINS))),
        lambda p, x: p(x),
        [samples(400), samples(3, 200), samples(0, 200)],
    ),
    "fft": (lambda: Fft(N), lambda p, x: p.forward(x), [samples(N), samples(5, N), samples(0, N)]),
    "inverse fft": (lambda: Fft(N), lambda p, x: p.inverse(x), [spectra(), spectra(5), spectra(0)]),
    "resample": (
        lambda: Resampler(3, 2),
        lambda p, x: p(x),
        [samples(400), samples(3, 200), samples(0, 200), samples(0)],
    ),
    "mulaw": (lambda: Quantizer("mulaw"), lambda p, x: p.encode(x), [samples(400), samples(3, 200), samples(0)]),
    "int8": (lambda: Int8("row"), int8_codes, [samples(3, 200), samples(2, 400), samples(0, 200)]),
    "vq": (lambda: VectorQuantizer(BOOKS), lambda p, x: p.encode(x), [samples(3, N), samples(50, N), samples(0, N)]),
}


@pytest.mark.parametrize("name", CASES)
def test_threads_that_alternate_between_shapes_get_what_each_shape_gives(name: str) -> None:
    """A plan keeps the layout of the last shape; a call never takes another call's."""
    make, call, inputs = CASES[name]
    expected = [call(make(), x) for x in inputs]
    plan = make()

    def alternate(first: int) -> list[tuple[int, np.ndarray]]:
        turns = [(first + n) % len(inputs) for n in range(60)]
        return [(turn, call(plan, inputs[turn])) for turn in turns]

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # Python goes from thread to thread anywhere
    try:
        with ThreadPoolExecutor(4) as pool:
            for results in pool.map(alternate, range(4)):
                for turn, out in results:
                    np.testing.assert_array_equal(out, expected[turn], strict=True)
    finally:
        sys.setswitchinterval(usual)


@pytest.mark.parametrize("name", CASES)
def test_inputs_may_be_read_only_or_lie_anyhow(name: str) -> None:
    make, call, inputs = CASES[name]
    x = inputs[1]
    expected = call(make(), x)
    fixed = x.copy()
    fixed.flags.writeable = False
    scattered = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)[..., ::2]
    scattered[...] = x
    for same in (fixed, scattered, np.asfortranarray(x), x.astype(np.result_type(x, np.float64)), x.tolist()):
        np.testing.assert_array_equal(call(make(), np.asarray(same, x.dtype) if name == "int8" else same), expected)


@pytest.mark.parametrize("name", CASES)
def test_a_plan_is_freed_with_its_last_reference(name: str) -> None:
    """Its threads end then, not when Python next looks for cycles."""
    make, call, inputs = CASES[name]
    gc.disable()
    try:
        plan = make()
        call(plan, inputs[0])
        gone = weakref.ref(plan)
        del plan
        assert gone() is None
    finally:
        gc.enable()


def test_a_center_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match="center must be one of False, True, hop, drop_last, not 'middle'"):
        Config(64, 16, center="middle")


def test_a_window_without_values_is_refused() -> None:
    """A length of 0 stands for n_fft in C, which would read beyond the array."""
    with pytest.raises(ValueError, match="window holds no values"):
        Config(64, 16, window=[])


def test_a_forked_child_uses_and_frees_plans_of_many_threads() -> None:
    """Workers do not survive fork(): the child computes alone, and does not wait for them at the end."""
    _, call, inputs = CASES["stft"]
    plan = Stft(config(), threads=3)
    expected = call(plan, inputs[0])
    time.sleep(0.02)  # its workers wait
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # which a test runner may have taken
        signal.alarm(20)
        same = False
        try:
            same = np.array_equal(call(plan, inputs[0]), expected)
            del plan
        finally:  # never on as a second test runner
            os._exit(not same)
    assert os.waitpid(child, 0)[1] == 0
