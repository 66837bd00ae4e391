"""WAV files through audiokern against libsndfile, which wrote them, and files that are not as they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from audiokern import AudiokernError
from audiokern.wav import Batch, Wav

RATE = 16000
SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


@pytest.fixture
def sound() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (999, 3))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_samples_are_those_of_libsndfile_to_the_last_bit(tmp_path, sound, subtype, kind, channels):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound[:, :channels], RATE, subtype, format=kind)
    expected, _ = soundfile.read(path, dtype="float32")
    wav = Wav(path)
    assert (wav.frames, wav.channels, wav.sample_rate) == (999, channels, RATE)
    np.testing.assert_array_equal(wav.read(), expected)
    np.testing.assert_array_equal(wav.read(500, 100), expected[500:600])
    assert wav.read(999).shape[0] == 0


def test_a_range_that_is_not_there_is_refused(tmp_path, sound):
    soundfile.write(tmp_path / "a.wav", sound[:, 0], RATE)
    wav = Wav(tmp_path / "a.wav")
    for start, frames in ((0, 1000), (999, 1), (1000, 0), (2**63, 1)):
        with pytest.raises(AudiokernError, match="size"):
            wav.read(start, frames)
    with pytest.raises(ValueError, match="float32"):
        wav.read(0, 10, out=np.empty(11, np.float32))


def test_a_file_that_was_cut_short_gives_what_is_there(tmp_path, sound):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound[:, 0], RATE)
    whole = Wav(path).read()
    path.write_bytes(path.read_bytes()[:-101])
    np.testing.assert_array_equal(Wav(path).read(), whole[: 999 - 51])


def test_chunks_of_any_length_may_come_before_the_samples(tmp_path, sound):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound[:, 0], RATE)
    data = path.read_bytes()
    odd = b"LIST" + (3).to_bytes(4, "little") + b"abc\0"
    path.write_bytes(data[:12] + odd + data[12:36] + odd + data[36:])
    np.testing.assert_array_equal(Wav(path).read(), soundfile.read(path, dtype="float32")[0])


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: b"",
        lambda d: d[:43],
        lambda d: b"RIFX" + d[4:],
        lambda d: d[:20] + b"\x06\0" + d[22:],  # A-law
        lambda d: d[:22] + b"\0\0" + d[24:],  # no channels
        lambda d: d[:32] + b"\x07\0" + d[34:],  # seven bytes a frame
        lambda d: d[:16] + b"\xff\xff\xff\x7f" + d[20:],  # a chunk far beyond the end
        lambda d: d[:12] + d[36:],  # samples of no known format
    ],
)
def test_what_is_no_wav_file_of_pcm_says_so(tmp_path, sound, damage):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound[:, 0], RATE)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(AudiokernError, match="no WAV file of PCM"):
        Wav(path)


def test_a_file_that_cannot_be_opened_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Wav(tmp_path / "none.wav")
    with pytest.raises(IsADirectoryError):
        Batch().read([tmp_path], [0], 10)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_batch_holds_the_crops_and_silence_beyond_the_ends(tmp_path, sound, threads):
    paths = [tmp_path / f"{i}.wav" for i in range(40)]
    for i, path in enumerate(paths):
        soundfile.write(path, sound[: 999 - i, 0], RATE)
    starts = np.arange(40) * 25
    got = Batch(threads).read(paths, starts, 100)
    for i, path in enumerate(paths):
        whole = np.pad(soundfile.read(path, dtype="float32")[0], (0, 1100))
        np.testing.assert_array_equal(got[i], whole[starts[i] : starts[i] + 100])


def test_a_batch_with_a_bad_file_names_it(tmp_path: Path, sound):
    good, bad, wide = tmp_path / "good.wav", tmp_path / "bad.wav", tmp_path / "wide.wav"
    soundfile.write(good, sound[:, 0], RATE)
    bad.write_bytes(b"nothing of the kind")
    soundfile.write(wide, sound, RATE)
    with pytest.raises(AudiokernError) as error:
        Batch(2).read([good, bad, good], [0, 0, 0], 10)
    assert str(bad) in error.value.__notes__
    with pytest.raises(AudiokernError, match="size"):
        Batch().read([wide], [0], 10)
    with pytest.raises(ValueError, match="starts"):
        Batch().read([good], [0, 1], 10)
