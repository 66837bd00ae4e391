"""The kernels with a frame in each lane, and the DFTs in registers that they are made of, on the emulated GPU."""

import numpy as np
import pytest

import impls._cuda_lanes as plans
from bench import Case
from impls._cuda_lanes import lanes
from impls.mel._bands import fours
from impls.stft._cuda import forward
from suites import mel, stft
from tests.cuda.conftest import Emulated

RNG = np.random.default_rng(8)
SMOOTH = [n for n in range(2, 33) if all(n % prime for prime in (7, 11, 13, 17, 19, 23, 29, 31))]


def test_a_dft_in_registers(emulated):
    launch = emulated("small_dft.cu", "small_dft", "int, const float2 *, float2 *")
    for points in SMOOTH:
        x = RNG.standard_normal((points, 2)).astype(np.float32).view(np.complex64)[:, 0]
        out = np.zeros_like(x)
        launch((1, 1), 1, 8, points, x, out)
        exact = np.fft.fft(x.astype(np.complex128))
        assert np.linalg.norm(out - exact) < 2e-7 * np.linalg.norm(exact), points


@pytest.fixture
def gpu(emulated):
    return Emulated(emulated)


@pytest.fixture
def one_warp(monkeypatch):
    """Of 32 threads, for each waits for all others at every barrier; they do one round after another."""
    monkeypatch.setattr(plans, "GROUPS", (2,))


# sizes of all kinds of parts; hops that are and aren't a number of rows, with floats between them and without; signals
# that leave one frame, a block less one, or a block and one; an odd length, after which no row begins at a vector
SIZES = [(400, 160, 17), (512, 128, 15), (64, 18, 16), (72, 10, 18), (240, 64, 3), (480, 120, 2), (24, 24, 33)]


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(("n_fft", "hop_length", "frames"), SIZES)
def test_spectra_are_those_of_the_definition(gpu, one_warp, n_fft, hop_length, frames, center):
    length = (frames - 1) * hop_length + (1 if center else n_fft)
    length = max(length, n_fft // 2 + 1) | 1
    sizes = {"n_fft": n_fft, "hop_length": hop_length, "center": center, "sample_rate": 1000}
    case = Case("stft", sizes | {"batch": 2, "seconds": length / 1000}, device="cuda")
    assert lanes(gpu, n_fft, hop_length)
    audio = RNG.standard_normal((2, length)).astype(np.float32)
    out, exact = np.asarray(forward(gpu, case)(audio)), stft.forward(case, audio)
    assert out.shape == exact.shape
    assert np.linalg.norm(out - exact) < 3e-7 * np.linalg.norm(exact)


def test_blocks_as_they_are_on_a_device(gpu):
    """Of 288 threads: two groups have neither columns nor a row."""
    sizes = {"n_fft": 1024, "hop_length": 256, "center": True, "sample_rate": 16000, "batch": 1, "seconds": 0.3}
    case = Case("stft", sizes, device="cuda")
    assert lanes(gpu, 1024, 256).threads == 288
    audio = RNG.standard_normal((1, stft.samples(case))).astype(np.float32)
    out, exact = np.asarray(forward(gpu, case)(audio)), stft.forward(case, audio)
    assert np.linalg.norm(out - exact) < 3e-7 * np.linalg.norm(exact)


@pytest.mark.parametrize(
    ("n_fft", "hop_length"), [(400, 161), (2048, 512), (50, 10), (28, 14), (1026, 256), (2, 2)]
)  # an odd hop, too long, an odd part, a factor of 7, of 19, and one point
def test_other_sizes_go_by_passes(gpu, n_fft, hop_length):
    assert lanes(gpu, n_fft, hop_length) is None


def test_a_block_must_fit_into_the_device(gpu):
    made = lanes(gpu, 1024, 256)
    gpu.shared_limit = made.shared(30000)
    assert lanes(gpu, 1024, 256, 30000)
    assert lanes(gpu, 1024, 256, 30004) is None
    gpu.shared_limit = made.shared() - 4
    assert lanes(gpu, 1024, 256) is None


@pytest.mark.parametrize("preset", [name for name in mel.PRESETS if name != "kaldi"])
def test_fours_are_the_triangles(preset):
    triangles = mel.filterbank(mel.PRESETS[preset])
    found, weights = fours(triangles)
    again = np.zeros_like(triangles)
    for row, (first, begin, end, _) in zip(again, found, strict=True):
        assert 0 <= first <= first + 4 * (end - begin) <= triangles.shape[1]
        row[first : first + 4 * (end - begin)] = weights[begin:end].ravel()
    assert np.array_equal(again, triangles.astype(np.float32))
