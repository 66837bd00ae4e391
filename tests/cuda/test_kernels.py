"""The CUDA kernels' arithmetic against float64 definitions, on an emulated GPU: what a device must compute, too."""

import numpy as np
import pytest

from bench import Case, Unsupported
from impls.resample._cuda import layout, words
from suites import stft
from tests.cuda.conftest import roots, signature

RNG = np.random.default_rng(5)
TABLES = "const float *, const float2 *, const float2 *"
POINTER = f"const float *, int, int, int, {TABLES}"


def noise(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def relative(out, reference):
    return np.linalg.norm(out - reference) / np.linalg.norm(reference)


def tables(n_fft):
    points = n_fft // 2 if n_fft % 2 == 0 else n_fft
    return stft.hann(n_fft).astype(np.float32), roots(points), roots(n_fft)


def shared(n_fft, frames):
    points = n_fft // 2 if n_fft % 2 == 0 else n_fft
    return 2 * frames * (points + 1) * 8


@pytest.mark.parametrize(
    ("n_fft", "hop", "center", "threads"),
    [(60, 7, True, 16), (45, 20, False, 8)],
)
def test_stft(emulated, n_fft, hop, center, threads):
    frames_a_block, batch = 3, 2
    sizes = {"N_FFT": n_fft, "HOP": hop, "FRAMES": frames_a_block, "OUTPUT": 0}
    launch = emulated("stft.cu", "stft", f"{POINTER}, float2 *", **sizes)
    audio = noise(batch, 5 * n_fft + 3)
    case = Case("stft", {"n_fft": n_fft, "hop_length": hop, "center": center, "sample_rate": 1, "batch": batch,
                         "seconds": audio.shape[1]})  # fmt: skip
    count, offset = stft.frames(case), n_fft // 2 if center else 0
    out = np.full((batch, count, n_fft // 2 + 1), np.nan, np.complex64)
    window, twiddle, root = tables(n_fft)
    grid = (-(-count // frames_a_block), batch)
    launch(
        grid, threads, shared(n_fft, frames_a_block), audio, audio.shape[1], count, offset, window, twiddle, root, out
    )
    assert relative(out, stft.forward(case, audio)) < 5e-7


@pytest.mark.parametrize(("n_fft", "hop", "center"), [(60, 25, False), (72, 18, True)])
def test_inverse_stft(emulated, n_fft, hop, center):
    frames_a_time, tile, batch = 2, 3 * hop + 5, 2
    types = f"const float2 *, int, int, int, {TABLES}, const float *, float *"
    launch = emulated("istft.cu", "istft", types, N_FFT=n_fft, HOP=hop, FRAMES=frames_a_time, TILE=tile)
    case = Case("stft", {"n_fft": n_fft, "hop_length": hop, "center": center, "sample_rate": 1, "batch": batch,
                         "seconds": 6 * n_fft})  # fmt: skip
    spectrum = np.ascontiguousarray(stft.forward(case, noise(batch, 6 * n_fft)), np.complex64)
    spectrum[..., 0] += 3j  # what no real signal has must not count
    spectrum[..., -1] -= 2j
    count, length, offset = stft.frames(case), stft.inverse_length(case), n_fft // 2 if center else 0
    window, twiddle, root = tables(n_fft)
    weight = np.zeros((count - 1) * hop + n_fft + length)
    for frame in range(count):
        weight[frame * hop : frame * hop + n_fft] += stft.hann(n_fft) ** 2
    weight = weight[offset : offset + length]
    envelope = np.divide(1, n_fft * weight, out=np.zeros(length), where=weight > 1e-11).astype(np.float32)
    out = np.full((batch, length), np.nan, np.float32)
    bytes_shared = shared(n_fft, frames_a_time) + 4 * tile
    launch(
        (-(-length // tile), batch),
        32,
        bytes_shared,
        spectrum,
        length,
        count,
        offset,
        window,
        twiddle,
        root,
        envelope,
        out,
    )
    region = (..., stft.reconstructed(case))
    clean = spectrum.copy()
    clean[..., 0], clean[..., -1] = clean[..., 0].real, clean[..., -1].real
    assert relative(out[region], stft.inverse(case, clean)[region]) < 1e-6


@pytest.mark.parametrize(
    ("up", "down", "taps", "length", "kib"),
    [
        (1, 3, 14, 13000, 227),  # two blocks, no words left over
        (1, 2, 14, 1, 227),
        (1, 8, 14, 2500, 227),  # no period without words left over
        (2, 1, 15, 9, 227),  # shorter than the filter
        (3, 2, 15, 3000, 227),
        (3, 2, 265, 4500, 227),
        (1, 3, 793, 2000, 64),
        (160, 441, 35, 15000, 227),
        (160, 441, 729, 5000, 40),  # room for one row
        (441, 160, 15, 5500, 64),  # two blocks share a period
        (650, 3, 14, 100, 227),  # three do, the last of which has groups too many
    ],
)
def test_resampling_is_the_polyphase_sum(emulated, up, down, taps, length, kib):
    batch, before, count, filter = 2, 6, -(-length * up // down), noise(up, taps)
    windows, sizes = layout(filter, down, kib << 10)
    launch = emulated("resample.cu", "resample", signature("resample.cu", "resample"), BEFORE=before, **sizes)
    grid = -(-count // (8 * sizes["ROWS"] * sizes["PERIOD"])) * sizes["CHUNKS"], batch
    audio, out = noise(batch, length), np.full((batch, count), np.nan, np.float32)
    shared_bytes, windows = 4 * words(sizes), np.ascontiguousarray(windows)
    launch(grid, 8 * sizes["GROUPS"], shared_bytes, audio, length, count, windows, out)
    padded = np.pad(audio.astype(np.float64), ((0, 0), (before, taps)))
    expected = [[row[n * down // up :][:taps] @ filter[n % up] for n in range(count)] for row in padded]
    assert relative(out, np.array(expected)) < (5e-7 if taps < 100 else 1e-6)


def test_what_a_resampler_cannot_hold_is_unsupported():
    with pytest.raises(Unsupported, match=r"^shared memory has no room for 8 periods of 48000 samples$"):
        layout(np.ones((44101, 3)), 48000, 227 << 10)
