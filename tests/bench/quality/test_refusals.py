"""What the libraries refuse, or answer for want of anything to compare, becomes a failure with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from quality.voices import noisy, speech

from bench.quality import MetricFailure, metrics, score

VOICE = speech(2.0)
SILENCE = np.zeros(32000)


@pytest.fixture(params=["pesq_wb", "pesq_nb"])
def pesq(request):
    pytest.importorskip("pesq")
    return metrics()[request.param]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("NoUtterancesError", "PESQ detects no utterance"),
        ("BufferTooShortError", "shorter than 0.25 s"),
        ("OutOfMemoryError", "PESQ fails"),
    ],
)
def test_every_error_of_pesq_is_a_reason(pesq, error, reason, monkeypatch):
    import pesq as library

    def refuse(*_):
        raise getattr(library, error)("told by the program")

    monkeypatch.setattr(library, "pesq", refuse)
    assert score(VOICE, VOICE, 16000, [pesq.name]).failures[pesq.name].startswith(reason)


def test_pesq_of_62_ms_of_voice_has_no_utterance(pesq):
    blip = SILENCE.copy()
    blip[9000:10000] = VOICE[4000:5000]
    with pytest.raises(MetricFailure, match="PESQ detects no utterance in the reference"):
        pesq(blip, VOICE, 16000)


def test_pesq_gives_no_nan_away(pesq, monkeypatch):
    """The wrapper turns a NaN of the program into a ValueError about something else."""
    import pesq as library

    def nothing(*_):
        raise ValueError("cannot convert float NaN to integer")

    monkeypatch.setattr(library, "pesq", nothing)
    with pytest.raises(MetricFailure, match="nothing to compare in the degraded signal"):
        pesq(VOICE, VOICE, 16000)
    with pytest.raises(ValueError, match="NaN"):
        library._pesq.pesq(16000, VOICE, SILENCE, pesq.name[-2:])  # the library itself, with a silent signal


@pytest.fixture(params=["stoi", "estoi"])
def stoi(request):
    pytest.importorskip("pystoi")
    return metrics()[request.param]


def test_a_word_in_a_long_silence_is_too_little_for_stoi(stoi):
    """pystoi warns and answers 1e-5."""
    word = np.concatenate([SILENCE, VOICE[4000:8000], SILENCE])
    with pytest.raises(MetricFailure, match="fewer than 30 frames of speech"):
        stoi(word, noisy(word, 10), 16000)


def test_silence_where_the_reference_speaks_is_no_answer_of_stoi(stoi):
    """pystoi answers 0.0 (or, extended, what its own noise happens to give) without a word."""
    import pystoi

    gap = np.zeros(34000)
    clean, coded = np.concatenate([VOICE, gap]), np.concatenate([gap, VOICE])
    assert abs(pystoi.stoi(clean, coded, 16000, extended=stoi.name == "estoi")) < 0.05
    with pytest.raises(MetricFailure, match="silent wherever the reference is not"):
        stoi(clean, coded, 16000)


def test_the_random_generator_of_others_is_left_as_it_was(stoi):
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    first = stoi(VOICE, noisy(VOICE, 10), 16000)
    assert np.random.get_state()[1].tolist() == before
    np.random.seed(6)
    assert stoi(VOICE, noisy(VOICE, 10), 16000) == first


def test_estoi_of_a_drop_out_is_the_same_every_time():
    """Exact zeros leave the extended form to pystoi's noise, which is seeded here."""
    pytest.importorskip("pystoi")
    dropped = VOICE.copy()
    dropped[8000:20000] = 0
    assert len({score(VOICE, dropped, 16000, ["estoi"]).values["estoi"] for _ in range(3)}) == 1


def test_visqol_without_voice_is_a_reason():
    metric = metrics()["visqol_speech"]
    if why := metric.missing():
        pytest.skip(why)
    click = SILENCE.copy()
    click[9000] = 0.5
    found = score(click, VOICE, 16000, ["visqol_speech"])
    assert found.values or found.failures["visqol_speech"].startswith("ViSQOL finds nothing to compare")
    assert not any("Error" in why for why in found.failures.values())


def test_pitch_needs_voice():
    pytest.importorskip("pyworld")
    noise = np.random.default_rng(0).standard_normal(32000) / 8
    found = score(noise, VOICE, 16000, ["f0_correlation", "voicing_error"])
    assert found.failures == {
        "f0_correlation": "fewer than 10 frames are voiced in both signals",
        "voicing_error": "fewer than 10 frames of the reference are voiced",
    }
    steady = 0.3 * np.sign(np.sin(2 * np.pi * 125 * np.arange(32000) / 16000))
    assert set(score(steady, VOICE, 16000, ["voicing_error"]).values) == {"voicing_error"}
