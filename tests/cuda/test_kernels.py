"""The CUDA kernels' arithmetic against float64 definitions, on an emulated GPU: what a device must compute, too."""

import numpy as np
import pytest

from bench import Case
from suites import mel as mel_suite
from suites import quantize, stft, vq
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
    [(400, 160, True, 48), (512, 128, False, 32), (60, 7, True, 16), (45, 20, True, 8), (1024, 256, True, 64)],
)
def test_stft(emulated, n_fft, hop, center, threads):
    frames_a_block, batch = 3, 2
    launch = emulated("stft.cu", "stft", f"{POINTER}, float2 *", N_FFT=n_fft, HOP=hop, FRAMES=frames_a_block)
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


@pytest.mark.parametrize(("n_fft", "hop", "center"), [(400, 160, True), (512, 100, False), (60, 15, True)])
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


@pytest.mark.parametrize(("preset", "log"), [("whisper80", 1), ("power1024", 0), ("tts", 0), ("bsqvit", 1)])
def test_mel(emulated, preset, log):
    p = mel_suite.PRESETS[preset]
    case = Case("mel", {"preset": preset, "batch": 2, "seconds": 8 * p.n_fft / p.sample_rate})
    frames_a_block, count = 4, mel_suite.frames(case)
    types = f"{POINTER}, const int *, const int *, const float *, float, int *, float *"
    launch = emulated("mel.cu", "mel", types, N_FFT=p.n_fft, HOP=p.hop_length, FRAMES=frames_a_block, N_MELS=p.n_mels,
                      POWER=p.power, LOG=log)  # fmt: skip
    audio = noise(2, mel_suite.samples(case)) * 0.1
    audio[1] *= 1e-3
    low, start, weight = bands(mel_suite.filterbank(p))
    loudest = np.full(2, -(2**31), np.int32)
    out = np.full((2, count, p.n_mels), np.nan, np.float32)
    grid, bytes_shared = (-(-count // frames_a_block), 2), shared(p.n_fft, frames_a_block)
    launch(grid, 32, bytes_shared, audio, audio.shape[1], count, p.n_fft // 2, *tables(p.n_fft), low, start, weight,
           p.floor, loudest if log else None, out)  # fmt: skip
    energies = mel_suite.mel(case, audio)
    if log:
        finish = emulated("mel.cu", "dynamic_range", "float *, int, const int *, float, float, float", N_FFT=p.n_fft,
                          HOP=p.hop_length, FRAMES=frames_a_block, N_MELS=p.n_mels, POWER=p.power, LOG=log)  # fmt: skip
        finish((3, 2), 16, 0, out, count * p.n_mels, loudest, p.decades, p.gain, p.offset)
    expected = mel_suite.log_mel(case, energies) if log else energies
    assert relative(out, expected) < (2e-5 if log else 1e-6)


def bands(filterbank):
    """Triangles as the kernel takes them: first bin, start in the weights, weights."""
    low = np.array([np.flatnonzero(row)[0] if row.any() else 0 for row in filterbank], np.int32)
    rows = [np.trim_zeros(row) for row in filterbank]
    start = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    return low, start, np.concatenate(rows).astype(np.float32)


@pytest.mark.parametrize(("source", "target"), [(48000, 16000), (16000, 24000), (44100, 16000)])
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


def test_mulaw_is_exact(emulated):
    x = np.concatenate([np.linspace(-1, 1, 4001), RNG.uniform(-0.01, 0.01, 2001), [0, -0.0, 1, -1]]).astype(np.float32)
    launch = emulated("mulaw.cu", "mulaw_encode", "const float *, size_t, unsigned char *")
    out = np.zeros(len(x), np.uint8)
    launch((2, 1), 16, 0, x, len(x), out)
    place = quantize.position("mulaw", x) + 0.5
    differs = out != np.floor(place)
    assert (np.abs(place[differs] - np.rint(place[differs])) < 2e-4).all()
    assert differs.mean() < 1e-3
    values = RNG.standard_normal(256).astype(np.float32)
    decoded = np.full(len(x), np.nan, np.float32)
    emulated("mulaw.cu", "mulaw_decode", "const unsigned char *, size_t, const float *, float *")(
        (2, 1), 16, 0, out, len(x), values, decoded
    )
    assert (decoded == values[out]).all()


def test_residual_search_takes_the_nearest_codewords(emulated):
    dim, size, stages, vectors, codes, count = 16, 50, 3, 8, 12, 29
    launch = emulated("vq.cu", "rvq", "const float *, int, const float *, const float *, int *", DIM=dim, SIZE=size,
                      STAGES=stages, VECTORS=vectors, CODES=codes)  # fmt: skip
    x, books = noise(count, dim), noise(stages, size, dim)
    books[1, 7] = books[1, 3]  # the first of equals
    out = np.full((stages, count), -1, np.int32)
    half = ((books.astype(np.float64) ** 2).sum(2) / 2).astype(np.float32)
    launch(
        (-(-count // vectors), 1),
        4 * vectors,
        4 * (vectors + codes) * (dim + 4) + 32 * vectors,
        x,
        count,
        books,
        half,
        out,
    )
    assert not vq.check_encode(books, x, out).wrong
    assert (out == vq.nearest(books, x)).mean() > 0.98
    assert not (out[1] == 7).any()
