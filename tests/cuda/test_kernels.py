"""The CUDA kernels' arithmetic against float64 definitions, on an emulated GPU: what a device must compute, too."""

import numpy as np
import pytest

from bench import Case
from suites import stft
from tests.cuda.conftest import roots

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


@pytest.mark.parametrize(("source", "target"), [(48000, 16000), (44100, 16000)])
def test_resampling_is_the_polyphase_sum(emulated, source, target):
    divisor = np.gcd(source, target)
    up, down, taps = target // divisor, source // divisor, 14
    before, tile, length = 6, 37, 1500
    count = -(-length * up // down)
    launch = emulated("resample.cu", "resample", "const float *, int, int, const float *, float *", UP=up, DOWN=down,
                      TAPS=taps, BEFORE=before, TILE=tile)  # fmt: skip
    audio, filter = noise(2, length), noise(up, taps)
    out = np.full((2, count), np.nan, np.float32)
    launch((-(-count // tile), 2), 16, 4 * (tile * down // up + taps + 2), audio, length, count, filter, out)
    padded = np.pad(audio.astype(np.float64), ((0, 0), (before, taps)))
    expected = [[row[n * down // up :][:taps] @ filter[n % up] for n in range(count)] for row in padded]
    assert relative(out, np.array(expected)) < 5e-7
