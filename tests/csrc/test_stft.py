"""STFT and its inverse on every instruction set, against NumPy's float64 transform of the same frames."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from audiokern import AudiokernError, isas
from audiokern.stft import Config, Istft, Stft, istft_plain, stft_plain

pytestmark = pytest.mark.parametrize("isa", isas())

ERROR = 5e-7  # relative, norm-wise per frame
SIZES = (
    1,
    2,
    4,
    6,
    7,
    10,
    16,
    30,
    64,
    90,
    100,
    250,
    400,
    480,
    512,
    1000,
    1024,
    1440,
    2048,
    4096,
    97,
    401,
    1022,
)


def hann(n: int) -> np.ndarray:
    return (np.sin(np.pi * np.arange(n) / n) ** 2).astype(np.float32)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def definition(x: np.ndarray, n: int, hop: int, window: np.ndarray, center: bool, pad: str = "reflect") -> np.ndarray:
    """The transform in float64."""
    before = (n - window.size) // 2
    full = np.zeros(n)
    full[before : before + window.size] = window
    x = x.astype(np.float64)
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n // 2, n // 2)], mode=pad)  # type: ignore[call-overload]
    frames = (x.shape[-1] - n) // hop + 1
    return np.fft.rfft(x[..., hop * np.arange(frames)[:, None] + np.arange(n)] * full)


def frame_error(out: np.ndarray, reference: np.ndarray) -> float:
    """The worst frame's relative error; a frame of padding alone must be silent."""
    scale = np.maximum(np.linalg.norm(reference, axis=-1), 1e-30)
    return float(np.max(np.linalg.norm(out - reference, axis=-1) / scale))


def error(out: np.ndarray, reference: np.ndarray) -> float:
    return float(np.linalg.norm(out - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("n", SIZES)
def test_definition(isa: str, n: int, center: bool) -> None:
    for hop in sorted({max(1, n // 50), max(1, n // 4), max(1, 2 * n // 5), n, n + 3}):
        x = noise(2, n + 35 * hop + 1)
        config = Config(n, hop, hann(n) + np.float32(0.01), center)
        reference = definition(x, n, hop, hann(n) + np.float32(0.01), center)
        plan = Stft(config, isa=isa)
        out = plan(x)
        assert out.shape == reference.shape
        assert frame_error(out, reference) < ERROR, hop
        assert error(plan.spectrogram(x), np.abs(reference) ** 2) < 2 * ERROR
        assert error(plan.spectrogram(x, 1), np.abs(reference)) < ERROR


@pytest.mark.parametrize("win_length", [1, 255, 256, 400, 511])
@pytest.mark.parametrize("pad", ["reflect", "constant", "symmetric"])
def test_short_windows_and_padding(isa: str, win_length: int, pad: str) -> None:
    x, window = noise(5000), 0.1 + hann(win_length)
    out = Stft(Config(512, 100, window, True, pad), isa=isa)(x)
    assert frame_error(out, definition(x, 512, 100, window, True, pad)) < ERROR


def test_pad_value(isa: str) -> None:
    x = noise(3000)
    out = Stft(Config(400, 160, hann(400), True, "constant", 2.0), isa=isa)(x)
    padded = np.pad(x, 200, constant_values=2.0)
    assert frame_error(out, definition(padded, 400, 160, hann(400), False)) < ERROR


@pytest.mark.parametrize("samples", [0, 1, 2, 200, 201, 399, 400, 401, 559, 560, 2559, 2560, 2561, 5121])
@pytest.mark.parametrize("center", [True, False])
def test_lengths(isa: str, samples: int, center: bool) -> None:
    config, x = Config(400, 160, hann(400), center), noise(samples)
    plan = Stft(config, isa=isa)
    if center and samples <= 200:  # reflection needs a sample beyond the padding
        with pytest.raises(AudiokernError, match="too short"):
            plan(x)
        with pytest.raises(AudiokernError, match="too short"):
            stft_plain(x, config)
        return
    out = plan(x)
    if samples < 400 and not center:
        assert out.shape == (0, 201)
        return
    reference = definition(x, 400, 160, hann(400), center)
    assert out.shape == reference.shape and frame_error(out, reference) < ERROR
    assert frame_error(stft_plain(x, config), reference) < ERROR


def test_longer_transform_than_signal(isa: str) -> None:
    """One sample, padded with zeros, is enough."""
    out = Stft(Config(1024, 256, None, True, "constant"), isa=isa)(np.ones(1, np.float32))
    assert out.shape == (1, 513)
    np.testing.assert_allclose(np.abs(out), 1, atol=1e-6)


def test_plain_agrees(isa: str) -> None:
    for n, hop in ((400, 160), (512, 128), (7, 3), (30, 40), (97, 20)):
        x, window = noise(2, 2000), hann(n)
        for center in (True, False):
            config = Config(n, hop, window, center)
            assert frame_error(stft_plain(x, config), definition(x, n, hop, window, center)) < 2e-7


def test_parseval_and_linearity(isa: str) -> None:
    n = 480
    plan = Stft(Config(n, n, None, False), isa=isa)
    x, y = noise(10 * n, seed=1), noise(10 * n, seed=2)
    power = np.abs(plan(x)) ** 2
    energy = (power[:, 0] + power[:, -1] + 2 * power[:, 1:-1].sum(1)) / n
    np.testing.assert_allclose(energy, (x.reshape(10, n) ** 2).sum(1), rtol=1e-6)
    assert error(plan(2 * x - y), 2 * plan(x) - plan(y)) < ERROR


@pytest.mark.parametrize("n", SIZES)
def test_inverse_restores(isa: str, n: int) -> None:
    for hop in sorted({max(1, n // 4), max(1, n // 3), max(1, n // 2)}):
        for length in (n, 7 * n + 1, 40 * n + 3):
            x, window = noise(3, length), hann(n) + np.float32(0.01)
            config = Config(n, hop, window, True)
            if n < 4 and length == n:
                continue
            spectrum = definition(x, n, hop, window, True).astype(np.complex64)
            assert error(Istft(config, isa=isa)(spectrum, length), x) < 2 * ERROR, (hop, length)


def test_inverse_agrees_with_plain(isa: str) -> None:
    """Spectra of no signal at all, every length, centred and not."""
    rng = np.random.default_rng(3)
    for n, hop, frames in ((400, 160, 50), (512, 128, 1), (64, 64, 33), (100, 7, 40), (256, 100, 16)):
        shape = (2, frames, n // 2 + 1)
        spectrum = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)
        for center in (True, False):
            config = Config(n, hop, hann(n) + np.float32(0.1), center)
            for length in (1, config.samples(frames), config.samples(frames) + 1000, 777):
                if length > 0:
                    plain = istft_plain(spectrum, config, length)
                    assert error(Istft(config, isa=isa)(spectrum, length), plain) < 2 * ERROR


def test_inverse_that_cannot_be(isa: str) -> None:
    for config in (Config(64, 65, None), Config(64, 64, hann(64)), Config(64, 32, np.ones(16, np.float32))):
        with pytest.raises(AudiokernError, match="cannot be inverted"):
            Istft(config, isa=isa)
    with pytest.raises(AudiokernError, match="argument"):
        Istft(Config(64, 16, center="hop"), isa=isa)
    with pytest.raises(AudiokernError, match="argument"):
        Istft(Config(64, 16, center="drop_last"), isa=isa)


@pytest.mark.parametrize("samples", [65, 79, 80, 1000])
def test_the_last_frame_can_be_left_out(isa: str, samples: int) -> None:
    x = noise(2, samples)
    centred, without = Config(128, 80, hann(128)), Config(128, 80, hann(128), center="drop_last")
    expected = Stft(centred, isa=isa)(x)[:, :-1]
    assert without.frames(samples) == samples // 80
    np.testing.assert_array_equal(Stft(without, isa=isa)(x), expected)
    np.testing.assert_array_equal(stft_plain(x, without), stft_plain(x, centred)[:, :-1])


def test_threads_agree_bit_for_bit(isa: str) -> None:
    x = noise(3, 50_000)
    config = Config(400, 160, hann(400))
    one, three = Stft(config, isa=isa), Stft(config, threads=3, isa=isa)
    spectrum = one(x)
    for _ in range(20):
        np.testing.assert_array_equal(three(x), spectrum)
    expected = Istft(config, isa=isa)(spectrum, 50_000)
    inverse = Istft(config, threads=3, isa=isa)
    for _ in range(20):
        np.testing.assert_array_equal(inverse(spectrum, 50_000), expected)


def test_one_plan_many_threads(isa: str) -> None:
    plan = Stft(Config(512, 128, hann(512)), threads=2, isa=isa)
    inputs = [noise(20_000, seed=s) for s in range(6)]
    expected = [plan(x) for x in inputs]
    outputs: list[list[np.ndarray]] = [[] for _ in inputs]

    def loop(i: int) -> None:
        outputs[i] = [plan(inputs[i]) for _ in range(10)]

    workers = [threading.Thread(target=loop, args=(i,)) for i in range(len(inputs))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for i, results in enumerate(outputs):
        for result in results:
            np.testing.assert_array_equal(result, expected[i])


def test_denormals_silence_and_nonsense_in(isa: str) -> None:
    plan = Stft(Config(400, 160, hann(400)), isa=isa)
    assert not plan(np.zeros(4000, np.float32)).any()
    assert np.isfinite(plan(np.full(4000, 1e-42, np.float32))).all()
    x = noise(16_000)
    x[8000] = np.nan
    bad = np.isnan(plan(x)).any(-1)
    covering = [m for m in range(bad.size) if 160 * m - 200 <= 8000 < 160 * m + 200]
    assert bad[covering].all() and bad.sum() == len(covering)


def test_input_is_not_modified_and_out_is_used(isa: str) -> None:
    config, x = Config(400, 160, hann(400)), noise(5000)
    kept, plan = x.copy(), Stft(config, isa=isa)
    out = np.empty((config.frames(5000), 201), np.complex64)
    assert plan(x, out=out) is out
    np.testing.assert_array_equal(x, kept)
    kept = out.copy()
    Istft(config, isa=isa)(out, 5000)
    np.testing.assert_array_equal(out, kept)
    with pytest.raises(ValueError, match="out must be"):
        plan(x, out=out[:-1])
    with pytest.raises(ValueError, match="bins"):
        Istft(config, isa=isa)(out[:, :-1])


def test_bound_calls(isa: str) -> None:
    config, x = Config(400, 160, hann(400)), noise(2, 5000)
    forward = Stft(config, isa=isa).bind(x)
    inverse = Istft(config, isa=isa).bind(forward(), 5000)
    x *= 2
    assert forward() is forward.out
    assert error(inverse(), x) < 2 * ERROR


@pytest.mark.parametrize(("frame_gap", "row_gap"), [(0, 3), (1, 0), (7, 11)])
def test_strides(isa: str, frame_gap: int, row_gap: int) -> None:
    """Rows and frames with gaps between them, which stay as they were: the C function itself."""
    from audiokern import stft as binding

    config, samples = Config(480, 120, hann(480)), 7000
    frames, bins = config.frames(samples), config.bins
    x = noise(3, samples + row_gap)
    frame_stride = bins + frame_gap
    row_stride = frames * frame_stride + row_gap
    out = np.full(3 * row_stride, 7 + 7j, np.complex64)
    plan = Stft(config, isa=isa)
    arguments = (
        x.ctypes.data,
        3,
        samples,
        samples + row_gap,
        out.ctypes.data,
        row_stride,
        frame_stride,
        None,
    )
    assert binding._execute(plan._plan, *arguments) == 0
    rows = out.reshape(3, row_stride)[:, : frames * frame_stride].reshape(3, frames, frame_stride)
    assert frame_error(rows[..., :bins], definition(x[:, :samples], 480, 120, hann(480), True)) < ERROR
    assert (rows[..., bins:] == 7 + 7j).all()
    assert (out.reshape(3, row_stride)[:, frames * frame_stride :] == 7 + 7j).all()

    y = np.full_like(x, 7)
    inverse = Istft(config, isa=isa)
    arguments = (
        out.ctypes.data,
        3,
        frames,
        row_stride,
        frame_stride,
        y.ctypes.data,
        samples,
        samples + row_gap,
    )
    assert binding._inverse_execute(inverse._plan, *arguments, None) == 0
    assert error(y[:, :samples], x[:, :samples]) < 2 * ERROR
    assert (y[:, samples:] == 7).all()


@pytest.mark.parametrize("n, hop, rows", [(1024, 128, 1), (400, 100, 3), (250, 125, 8)])
def test_larger_than_the_cache(isa: str, n: int, hop: int, rows: int) -> None:
    """Spectra above 24 MiB are written past the cache: every bin of every frame must be there."""
    x = noise(rows, 900_000)
    out = Stft(Config(n, hop, hann(n)), threads=2, isa=isa)(x)
    assert out.nbytes > 24 << 20
    for spectrum, signal in zip(out, x, strict=True):
        assert frame_error(spectrum, definition(signal, n, hop, hann(n), True)) < ERROR


@pytest.mark.parametrize(("frame_gap", "row_gap"), [(0, 2 << 18), (3, 0)])
def test_gaps_larger_than_the_cache(isa: str, frame_gap: int, row_gap: int) -> None:
    """What lies between frames or rows is left alone there, too: the C function itself."""
    from audiokern import stft as binding

    n, hop, rows, samples = 400, 100, 3, 600_000
    config = Config(n, hop, hann(n))
    frames, bins = config.frames(samples), config.bins
    x, pitch = noise(rows, samples), bins + frame_gap
    out = np.full((rows, frames * pitch + row_gap), 7 + 7j, np.complex64)
    plan = Stft(config, threads=2, isa=isa)
    arguments = (x.ctypes.data, rows, samples, samples, out.ctypes.data, out.shape[1], pitch, None)
    assert binding._execute(plan._plan, *arguments) == 0
    spectra = out[:, : frames * pitch].reshape(rows, frames, pitch)
    assert (spectra[..., :bins] == plan(x)).all()
    assert (spectra[..., bins:] == 7 + 7j).all()
    assert (out[:, frames * pitch :] == 7 + 7j).all()


def test_bad_configs(isa: str) -> None:
    for config in (Config(0, 1), Config(400, 0), Config(-4, 1)):
        with pytest.raises(AudiokernError):
            Stft(config, isa=isa)
    with pytest.raises(AudiokernError, match="size"):
        Stft(Config(8, 4, np.ones(9)), isa=isa)
    with pytest.raises(ValueError, match="pad_mode"):
        Config(8, 4, pad_mode="wrap")
