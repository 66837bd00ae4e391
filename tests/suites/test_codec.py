"""The contract of a codec: figures that can be computed by hand, and the faults that the check must find."""

from __future__ import annotations

import numpy as np
import pytest

from bench.codec import FACTS, Codec, known, on_the_grid, ops, within
from bench.core import Case, Unsupported
from bench.results import Row, summarise

CASE = {"bitrate": 128.0, "sample_rate": 16000, "channels": 1, "seconds": 0.5}


@pytest.fixture
def made(toys):
    """``made(impl, **params)``: the suite, the case, its operations and its input."""

    def make(impl: str, **params):
        suite, case = toys.suite("codec"), Case("codec", {**CASE, **params})
        return (
            suite,
            case,
            toys.find("codec", impl).ops(case, suite),
            suite.inputs(case, suite.audio(case))["encode"][0],
        )

    return make


def test_payload_container_and_nominal_bitrates_are_told_apart(made):
    suite, case, ops, x = made("toy")
    out = ops["encode"].call((x,))
    packets = -(-(8000 + 40) // 160)
    facts = known(out[1])
    assert facts["payload_bps"] == packets * 160 * 8 / 0.5 and facts["container_bps"] == packets * 161 * 8 / 0.5
    assert facts["nominal_bps"] == 128000 and len(out[0]) == packets * 161
    assert (facts["rate"], facts["frame"], facts["delay"], facts["model_bytes"]) == (16000, 160, 200, 7)
    check = suite.check(case, "encode", (x,), out, None)
    assert check.wrong == "" and check.metrics["in_window"] == 1.0
    narrow = Case("codec", {**CASE, "bitrate": 100.0})
    assert suite.check(narrow, "encode", (x,), out, None).metrics["in_window"] == 0.0


def test_the_window_is_ten_percent_of_what_was_asked_unless_said_otherwise():
    assert within(11000, 10000) and within(9000, 10000) and not within(11001, 10000) and not within(8999, 10000)
    assert within(11500, 10000, 0.2) and not within(10600, 10000, 0.05)


def test_a_bitrate_is_of_the_audio_and_not_of_the_codecs_own_rate():
    """Half a second at 16 kHz, and 100 packets of 20 bytes at 8 kHz: 32 kbit/s."""
    codec = Codec(8000, lambda x: [bytes(20)] * 100, lambda packets: np.zeros((1, 4000), np.float32), 32000,
                  container_bits=lambda packets: 8 * 21 * len(packets))  # fmt: skip
    facts = known(ops(codec, Case("codec", CASE))["encode"].call((np.zeros((1, 8000), np.float32),))[1])
    assert (facts["payload_bps"], facts["container_bps"]) == (32000, 33600)


def test_bits_that_are_only_padding_are_the_codecs_to_leave_out():
    """1300 bit/s in frames of 52 bits, which fill 7 bytes: 52 count."""
    codec = Codec(8000, None, None, 1300, frame=320, payload_bits=lambda packets: 52 * len(packets))
    assert codec.payload_bits([bytes(7)] * 25) == 1300
    assert Codec(8000, None, None, 0).payload_bits([bytes(7), bytes(3)]) == 80


def test_a_known_lag_and_frame_are_measured(made):
    suite, case, ops, _ = made("toy")
    for op in ("decode", "stream"):
        found = suite.quality(case, op, lambda *args, op=op: ops[op].call(args))
        assert found["lag_samples"] == 40 and found["lag_spread_samples"] == 0 and found["lag_impulse_samples"] == 40
        assert found["algorithmic_delay_ms"] == 12.5 == found["declared_delay_ms"]
        assert found["delay_difference_ms"] == 0


def test_what_a_stream_holds_back_is_delay(made):
    """Three frames of 10 ms are held back, and a frame must be whole before it is fed; nothing is declared."""
    suite, case, ops, _ = made("toy_held")
    found = suite.quality(case, "stream", lambda *args: ops["stream"].call(args))
    assert found["lag_samples"] == 0 and found["algorithmic_delay_ms"] == 40.0
    assert found["declared_delay_ms"] == 0.0 and found["delay_difference_ms"] == 40.0
    assert suite.quality(case, "decode", lambda *args: ops["decode"].call(args))["algorithmic_delay_ms"] == 10.0


def test_what_neither_streams_nor_declares_a_delay_has_no_delay_to_state(made):
    """A file of FLAC comes out without a lag, and nobody gets its first sample before the last went in."""
    suite, case, ops, _ = made("flac")
    found = suite.quality(case, "decode", lambda *args: ops["decode"].call(args))
    assert found["lag_samples"] == 0 and not any("delay" in name for name in found)


def test_a_call_of_stream_is_one_frame_and_the_signal_goes_round(made):
    _, _, ops, x = made("toy")
    stream = ops["stream"]
    assert stream.frame_seconds == 0.01
    (state,) = stream.native((x,))
    parts = [stream.run(state) for _ in range(51)]
    assert all(part.shape == (1, 160) for part in parts)
    whole = np.concatenate(parts, axis=1)[0]
    np.testing.assert_allclose(whole[40:8000], x[0, : 8000 - 40], atol=1 / 256)
    np.testing.assert_allclose(whole[8040:], x[0, :120], atol=1 / 256)
    np.testing.assert_allclose(stream.call((x,))[0][0, 40:8000], x[0, :-40], atol=1 / 256)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("op", ["encode", "decode", "stream"])
def test_what_is_not_finite_is_refused_before_a_codec_sees_it(made, op, bad):
    _, _, ops, x = made("toy")
    x = x.copy()
    x[0, 100] = bad
    with pytest.raises(ValueError, match="NaN or infinity"):
        ops[op].call((x,))


WRONG = {"silent": "is silent", "changes": "changes samples", "short": "too short"}


@pytest.mark.parametrize("fault", WRONG)
def test_the_check_finds_what_is_wrong(made, fault):
    suite, case, ops, x = made(f"toy_wrong:{fault}")
    assert WRONG[fault] in suite.check(case, "decode", (x,), ops["decode"].call((x,)), None).wrong


def test_the_check_of_answers_that_are_no_audio(made):
    suite, case, ops, x = made("pcm:16bit")
    out, facts = ops["decode"].call((x,))
    assert suite.check(case, "decode", (x,), (out, facts), None).wrong == ""
    broken = {"not float32": out.astype(float), "samples)": out[0], "NaN": out * np.float32(np.nan),
              "too long": np.tile(out, 5), "(2, 8000)": np.tile(out, (2, 1))}  # fmt: skip
    for reason, answer in broken.items():
        assert reason in suite.check(case, "decode", (x,), (answer, facts), None).wrong


def test_every_sound_of_a_batch_is_judged(made):
    suite, case, ops, x = made("pcm:16bit")
    _, facts = ops["decode"].call((x,))
    sounds = np.stack([x, x / 2, x / 4])
    assert suite.check(case, "decode", (sounds,), (sounds, facts), None).wrong == ""
    for n in range(3):
        spoilt = sounds.copy()
        spoilt[n] = 0
        assert "is silent" in suite.check(case, "decode", (sounds,), (spoilt, facts), None).wrong


def test_one_sample_that_a_lossless_codec_changed_is_wrong(made):
    suite, case, ops, x = made("pcm:16bit")
    out, facts = ops["decode"].call((x,))
    out = out.copy()
    out[0, -1] += 2.0**-15
    assert "changes samples" in suite.check(case, "decode", (x,), (out, facts), None).wrong


def test_silence_may_come_back_as_silence(made):
    suite, case, ops, x = made("toy_wrong:silent", sample_rate=8000)
    zeros = np.zeros_like(x)
    assert suite.check(case, "decode", (zeros,), ops["decode"].call((zeros,)), None).wrong == ""


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("impl", ["pcm:16bit", "flac", "passthrough:16k"])
def test_lossless_is_bit_for_bit(made, impl, channels):
    _, _, ops, x = made(impl, channels=channels)
    assert len(x) == channels and (x * 32768 == np.rint(x * 32768)).all()
    out, facts = ops["decode"].call((x,))
    assert known(facts)["lossless"] and np.array_equal(out[:, : x.shape[1]], x)


@pytest.mark.parametrize(("rate", "least", "most"), [(8000, -1, 5), (16000, 999, 999), (24000, 120, 998)])
def test_what_passing_through_another_rate_costs(made, rate, least, most):
    """Of tones at 1 and 6 kHz, 8 kHz loses one; 16 kHz changes nothing; 24 kHz and back costs what soxr VHQ does."""
    _, _, ops, _ = made(f"passthrough:{rate // 1000}k")
    t = np.arange(8000) / 16000
    x = on_the_grid((np.sin(2 * np.pi * 1000 * t) + np.sin(2 * np.pi * 6000 * t))[None] / 4)
    error = np.sum((ops["decode"].call((x,))[0][:, :8000] - x)[:, 800:-800].astype(float) ** 2)
    snr = 10 * np.log10(np.sum(x[:, 800:-800] ** 2) / error) if error else 999
    assert least <= snr <= most


@pytest.mark.parametrize(
    ("what", "there"), [({}, True), ({"bitrate": 0.0}, False), ({"bitrate": -6.0}, False), ({"bitrate": np.nan}, False),
                        ({"bitrate": np.inf}, False), ({"channels": 3}, False), ({"batch": 0}, False)],
)  # fmt: skip
def test_a_case_that_no_codec_could_be_asked_for_is_left_out(toys, what, there):
    """A report divides by the bitrate that was asked for."""
    assert toys.suite("codec").valid(Case("codec", {**CASE, **what})) is there


def test_stereo_asked_of_a_mono_codec_is_unsupported_and_says_why(made):
    with pytest.raises(Unsupported, match="mono only"):
        made("toy", channels=2)


def test_stereo_is_a_source_off_the_middle(made):
    _, _, _, x = made("pcm:16bit", channels=2)
    late = round(3e-4 * 16000)
    assert np.abs(x[1, late:] - x[0, :-late] / 2).max() <= 2**-15


def test_an_implementation_that_returns_something_else_is_told_so(toys):
    suite = toys.suite("codec")
    with pytest.raises(TypeError, match=r"returns a bench\.Codec"):
        suite.adopt(lambda x: x, Case("codec", CASE))


def test_missed_deadlines_are_the_share_of_frames_that_took_longer_than_they_last():
    samples = [1e6] * 97 + [3e7, 4e7, 5e6]
    row = Row(
        "run", "codec", "x", CASE, "stream", audio_seconds=0.02, frame_seconds=0.02, samples_ns=samples, rounds=[100]
    )
    line = summarise([row], {})
    assert line["deadline_misses"] == 0.02 and line["max_ms"] == 40.0 and line["x_realtime"] == pytest.approx(20)
    assert summarise([Row("run", "s", "x", {}, "f", samples_ns=samples, rounds=[100])], {})["deadline_misses"] is None


def test_facts_are_told_in_one_order(made):
    _, _, ops, x = made("toy")
    assert all(len(ops[op].call((x,))[1]) == len(FACTS) for op in ops)
