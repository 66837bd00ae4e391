"""Memory of the device and what a launch may ask of it, on a driver that stands in."""

from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest

from bench import Case, Unsupported
from bench.registry import load
from tests.cuda.conftest import emulate


@pytest.fixture
def helper():
    return pytest.importorskip("impls._cuda", reason="cuda.core is not installed here", exc_type=ImportError)


@pytest.fixture
def driver(helper, monkeypatch):
    from cuda.bindings.driver import CUresult

    made = SimpleNamespace(taken={}, freed=[], room=10**9)

    def allocate(size):
        if size > made.room - sum(made.taken.values()) + sum(made.taken[address] for address in made.freed):
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY, 0
        address = 512 * (1 + len(made.taken))
        made.taken[address] = size
        return 0, address

    made.cuMemAlloc, made.cuMemFree = allocate, lambda address: made.freed.append(address)
    monkeypatch.setattr(helper, "driver", made)
    return made


def test_memory_is_taken_once_and_used_again(helper, driver):
    """Freeing it within a call would wait for the device, and be timed."""
    gpu = helper.Context.__new__(helper.Context)
    gpu.spare = defaultdict(list)
    first, second = gpu.empty((3, 5), np.float32), gpu.empty((3, 5), np.float32)
    addresses = {first.pointer, second.pointer}
    assert len(addresses) == 2 and set(driver.taken.values()) == {60}
    del first, second
    for _ in range(3):
        one, other, small = gpu.empty((15,), np.int32), gpu.empty((5, 3), np.float32), gpu.empty((1,), np.uint8)
        assert {one.pointer, other.pointer} == addresses and small.pointer not in addresses
        del one, other, small
    assert len(driver.taken) == 3 and not driver.freed
    del gpu
    assert sorted(driver.freed) == sorted(driver.taken)


def test_what_is_kept_in_other_sizes_makes_room(helper, driver):
    gpu = helper.Context.__new__(helper.Context)
    gpu.spare, driver.room = defaultdict(list), 1000
    held, small, gone = (gpu.empty((size,), np.uint8) for size in (300, 100, 200))
    kept = {small.pointer, gone.pointer}
    del small, gone
    large = gpu.empty((700,), np.uint8)
    assert set(driver.freed) == kept and held.pointer not in kept
    with pytest.raises(RuntimeError, match=r"^CUDA: CUDA_ERROR_OUT_OF_MEMORY$"):
        gpu.empty((17,), np.uint8)
    del held, large, gpu
    assert sorted(driver.freed) == sorted(driver.taken)


def test_a_device_without_so_much_shared_memory_is_told(helper):
    gpu = helper.Context.__new__(helper.Context)
    gpu.arch, gpu.shared_limit = "sm_75", 65536
    with pytest.raises(Unsupported, match=r"^it needs 65537 bytes of shared memory; sm_75 has 65536$"):
        gpu.kernel("vq.cu", "rvq", most_shared=65537)


def test_a_batch_beyond_what_a_grid_holds_is_told(helper, monkeypatch):
    launched = []
    gpu = helper.Context.__new__(helper.Context)
    gpu.arch, gpu.shared_limit, gpu.stream = "sm_90", 65536, None
    monkeypatch.setattr(helper, "compiled", lambda *_: b"")
    monkeypatch.setattr(helper, "ObjectCode", SimpleNamespace(from_cubin=lambda code: SimpleNamespace(get_kernel=id)))
    monkeypatch.setattr(helper, "launch", lambda stream, config, *_: launched.append(config.grid))
    run = gpu.kernel("stft.cu", "stft")
    run((1, 65535), 0)
    assert len(launched) == 1
    with pytest.raises(Unsupported, match=r"^the kernel takes a batch of 65535 rows at most, not of 65536$"):
        run((1, 65536), 0)


UNFIT = [
    ("vq", "cuda", {"quantizer": "fsq", "dim": 128}, "not fsq"),
    ("vq", "cuda", {"quantizer": "residual", "dim": 10}, "of 10"),
    ("stft", "cuda", {"n_fft": 2, "hop_length": 1}, "n_fft=2 is below 3"),
    ("stft", "cuda", {"n_fft": 14, "hop_length": 7}, "n_fft=14 .* a prime factor above 5"),
]


@pytest.mark.parametrize(("suite", "impl", "params", "why"), UNFIT, ids=lambda v: v if isinstance(v, str) else "")
def test_what_the_kernels_cannot_do_is_said(monkeypatch, suite, impl, params, why):
    emulate(monkeypatch, lambda *_, **__: pytest.fail("compiled"))
    monkeypatch.setattr("impls.vq._cuda.codebooks", lambda case: np.zeros((1, 2, case.dim), np.float32))
    case = Case(suite, params | {"center": True, "sample_rate": 10, "batch": 1, "seconds": 2}, device="cuda")
    with pytest.raises(Unsupported, match=why):
        load().find(suite, impl).ops(case, load().suite(suite))


LARGE = [
    ("stft", "cuda", {"n_fft": 8192, "hop_length": 2048, "center": True, "sample_rate": 48000}),
    ("vq", "cuda", {"quantizer": "residual", "stages": 1, "size": 2, "dim": 256}),
    ("vq", "cuda:tc", {"quantizer": "residual", "stages": 1, "size": 2, "dim": 512}),
]


@pytest.mark.parametrize(("suite", "impl", "params"), LARGE, ids=lambda v: v if isinstance(v, str) else "")
def test_large_sizes_ask_for_more_than_48_kib_of_shared_memory(monkeypatch, suite, impl, params):
    """Emulated launches look after it."""
    launched = []
    emulate(monkeypatch, lambda *_, **__: lambda grid, threads, shared_bytes, *_: launched.append(shared_bytes))
    monkeypatch.setattr("impls.vq._cuda.codebooks", lambda case: np.zeros((1, 2, case.dim), np.float32))
    case = Case(suite, params | {"batch": 1, "seconds": 0.5}, device="cuda")
    for made in load().find(suite, impl).ops(case, load().suite(suite)).values():
        made.run(np.zeros((1, 1, 256), np.float32)[0] if suite == "vq" else np.zeros((1, 24000), np.float32))
    assert launched and min(launched) > 48 << 10
