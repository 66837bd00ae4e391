"""The stream suite on systems whose answers and delays follow from their definition, and on chains of them."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from bench.codec import Codec, Pipe
from bench.core import Case, Implementation, Unsupported
from bench.registry import UnknownName, load
from bench.streaming import Chain, Running, Stream, of_codec

SUITE = load().suite("stream")
from suites import _latency  # noqa: E402
from suites.stream import as_stream, ops  # noqa: E402

PARAMS = {"frame_ms": 10.0, "sample_rate": 16000, "bitrate": 12.0, "channels": 1, "seconds": 1.0}
OURS = [i for i in load().of("stream") if not i.home]


def case(**more) -> Case:
    return Case("stream", {**PARAMS, **more})


def audio(**more) -> np.ndarray:
    return SUITE.inputs(case(**more), SUITE.audio(case(**more)))["frame"][0]


def late(samples: int, **more) -> Stream:
    """A delay line, which says what it does."""

    def opened():
        kept = [np.zeros((1, samples), np.float32)]

        def feed(x):
            whole = np.concatenate([kept[0], x], axis=1)
            kept[0] = whole[:, x.shape[1] :]
            return whole[:, : x.shape[1]]

        return feed

    whole = lambda x: np.pad(x, ((0, 0), (samples, 0)))[:, : x.shape[1]]  # noqa: E731
    return Stream(16000, opened, whole, **{"place": -samples, **more})


def blocks(frame: int, **more) -> Stream:
    """Reverses each of its frames, so that a frame's first output is its last input."""
    feed = lambda x: x.reshape(1, -1, frame)[:, :, ::-1].reshape(1, -1)  # noqa: E731
    return Stream(16000, lambda: feed, lambda x: feed(x[:, : x.shape[1] // frame * frame]), frame=frame, **more)


def means(size: int, hop: int) -> Stream:
    """Features: the mean of ``size`` samples every ``hop``, for the middle of them; shape (1, n, 1)."""
    cut = lambda x: np.lib.stride_tricks.sliding_window_view(x, size, axis=1)[:, ::hop].mean(-1)[..., None]  # noqa: E731

    def opened():
        kept = [np.zeros((1, 0), np.float32)]

        def feed(x):
            x = np.concatenate([kept[0], x], axis=1)
            n = max(0, 1 + (x.shape[1] - size) // hop)
            kept[0] = x[:, n * hop :]
            return cut(x[:, : (n - 1) * hop + size]) if n else np.zeros((1, 0, 1), np.float32)

        return feed

    return Stream(16000, opened, cut, step=hop, place=size // 2, frame=1, features=True)


def check(chain: Chain, **more):
    here = case(**more)
    out = ops(chain, here)["frame"].call((audio(**more),))
    return SUITE.check(here, "frame", (), out, None)


def alone(stream: Stream) -> Chain:
    return Chain([("", stream)])


# Streamed against offline


@pytest.mark.parametrize("made", [late(0), late(37), blocks(32), means(400, 160), means(100, 160)])
def test_what_gives_in_pieces_what_it_gives_at_once_is_right(made):
    assert check(alone(made)) == check(alone(made)) and check(alone(made)).metrics == {"error": 0.0, "exact": 1.0}


def test_forgetting_between_pieces_is_wrong():
    whole = lambda x: np.pad(x, ((0, 0), (5, 0)))[:, : x.shape[1]]  # noqa: E731
    forgetful = Stream(16000, lambda: whole, whole)
    assert "differs from itself offline by" in check(alone(forgetful)).wrong


def test_a_stated_tolerance_is_what_may_differ():
    rough = replace(late(0), open=lambda: lambda x: x * np.float32(1.0001))
    assert check(alone(replace(rough, tolerance=2e-4))).wrong == ""
    found = check(alone(replace(rough, tolerance=5e-5)))
    assert "where 5e-05 is its tolerance" in found.wrong and found.metrics["error"] == pytest.approx(1e-4, rel=0.01)


def test_who_differs_from_itself_offline_may_differ_as_much_again():
    random = np.random.default_rng(0)
    noisy = lambda x: x + random.normal(0, 1e-3, x.shape).astype(np.float32)  # noqa: E731
    assert check(alone(Stream(16000, lambda: noisy, noisy))).wrong == ""


def test_samples_that_never_come_other_types_and_what_is_not_finite_are_wrong():
    nothing = replace(late(0), open=lambda: lambda x: x[:, :0])
    assert "missing when all has gone in" in check(alone(nothing)).wrong
    double = replace(late(0), open=lambda: lambda x: x.astype(np.float64))
    assert "streams float64" in check(alone(double)).wrong
    broken = lambda x: x * np.float32(np.nan)  # noqa: E731
    assert check(alone(Stream(16000, lambda: broken, broken))).wrong == "NaN or infinity in the output"


# Delays


def checked(streamed: np.ndarray, offline: np.ndarray, tolerance: float = 0.0, own: float = 0.0) -> str:
    facts = np.array([tolerance, own, 16000.0])
    return SUITE.check(case(), "frame", (offline,), (streamed, offline, facts), None).wrong


@pytest.mark.parametrize(
    ("tolerance", "own", "right"), [(0.0, 0.0, False), (0.011, 0.0, True), (0.009, 0.0, False), (0.0, 0.004, True),
                                    (0.0, 0.003, False)],
)  # fmt: skip
def test_the_difference_that_is_allowed_is_the_stated_one_or_three_times_its_own(tolerance, own, right):
    """Streamed, it is a hundredth too loud."""
    offline = audio()
    assert (checked(np.float32(1.01) * offline, offline, tolerance, own) == "") == right


@pytest.mark.parametrize(("seconds", "right"), [(1.4, True), (1.6, False)])
def test_a_stream_that_lags_by_more_than_a_second_and_a_half_at_the_end_is_wrong(seconds, right):
    offline = audio(seconds=3.0)
    assert (checked(offline[:, : -round(16000 * seconds)], offline) == "") == right


def test_look_ahead_is_told_with_what_is_declared():
    found = _latency.look_ahead(blocks(32, declared=32))
    assert found == {"lookahead_samples": 31, "algorithmic_ms": 2.0, "declared_ms": 2.0}


def test_the_time_of_a_link_is_that_of_its_slow_pieces():
    """One piece in ten takes 5 ms: the 95th percentile is one of these, which the mean and the median are not."""

    def feeder():
        counter = itertools.count(1)

        def feed(x):
            if next(counter) % 10 == 0:
                time.sleep(0.005)
            return x

        return feed

    (found,) = _latency.spent(alone(replace(late(0), open=feeder)), audio(), 160)
    assert found["compute"] >= 0.005 and found["decode"] == 0


@pytest.mark.parametrize("length", [3 * 32 + 5, 41 * 32 + 31])
def test_only_whole_frames_are_fed(length):
    """Also where the last piece is shorter than the others, and less than a frame is left."""
    fed = []

    def feed(x):
        fed.append(x.shape[1])
        return x

    out = _latency.streamed(replace(blocks(32), open=lambda: feed), np.zeros((1, length), np.float32))
    assert out.shape[1] == sum(fed) == length // 32 * 32 and not any(n % 32 for n in fed)


def test_a_lag_that_nothing_asks_for_is_no_look_ahead():
    """37 samples late: what a sample becomes needs nothing after it. That it comes late is latency, not look-ahead."""
    assert _latency.look_ahead(late(37)) == {"lookahead_samples": 0, "algorithmic_ms": 0.062}
    assert _latency.look_ahead(late(37, place=0))["lookahead_samples"] == -37


def test_features_are_held_against_the_middle_of_their_window():
    found = _latency.look_ahead(replace(means(400, 160), frame=160, declared=200))
    assert found == {"lookahead_samples": 199, "algorithmic_ms": 12.5, "declared_ms": 12.5}


def test_a_differentiable_network_is_measured_both_ways():
    torch = pytest.importorskip("torch")
    kernel = torch.ones(1, 1, 7)
    network = lambda x: torch.nn.functional.conv1d(torch.nn.functional.pad(x, (6, 0)), kernel)  # noqa: E731
    whole = lambda x: network(torch.from_numpy(x)[None])[0].numpy()  # noqa: E731

    def opened():
        kept = [np.zeros((1, 6), np.float32)]

        def feed(x):
            x = np.concatenate([kept[0], x], axis=1)
            kept[0] = x[:, -6:]
            return torch.nn.functional.conv1d(torch.from_numpy(x)[None], kernel)[0].numpy()

        return feed

    made = Stream(16000, opened, whole, place=-3, differentiable=lambda: network)
    assert _latency.look_ahead(made) == {
        "lookahead_samples": 3, "lookahead_gradient_samples": 3, "algorithmic_ms": 0.25,
    }  # fmt: skip


def toy_codec(lag: int, frame: int = 160) -> Codec:
    """Sends samples as they are, ``lag`` late; in halves."""

    def encode(x):
        return [np.pad(x, ((0, 0), (0, lag))).tobytes()]

    def decode(packets):
        return np.pad(np.frombuffer(packets[0], np.float32)[None], ((0, 0), (lag, 0)))

    def stream():
        return Pipe(
            lambda x: x.tobytes(), (lambda f: lambda p: f(np.frombuffer(p, np.float32)[None]))(late(lag).open())
        )

    return Codec(16000, encode, decode, 512000, delay=frame + 40, frame=frame, stream=stream)


def test_the_lag_of_a_codec_is_measured_whatever_it_declares():
    placed = _latency.placed(alone(of_codec(toy_codec(lag=70))), case())
    assert placed.last.place == -70
    assert of_codec(toy_codec(lag=70)).place == -40
    assert _latency.look_ahead(placed.last)["declared_ms"] == 12.5


def budget(chain: Chain, piece: int) -> dict[str, float]:
    """Without what depends on the machine."""
    longest = _latency.held(chain, audio(), piece)
    return {name: round(16000 * s) for (name, _), s in zip(chain.links, longest, strict=True)}


def test_what_is_held_back_adds_up_along_a_chain():
    """Samples from a place to the end of the piece that brings it out, link by link."""
    assert budget(Chain([("a", late(0))]), 160) == {"a": 160}
    assert budget(Chain([("a", late(37))]), 160) == {"a": 197}
    assert budget(Chain([("a", late(37)), ("b", late(5))]), 160) == {"a": 197, "b": 202}
    # pieces of 80 fill frames of 160, the first half of which waits for the second
    assert budget(Chain([("a", late(0)), ("b", blocks(160))]), 80) == {"a": 80, "b": 160}
    assert budget(Chain([("a", late(37)), ("b", blocks(160))]), 80) == {"a": 117, "b": 197}
    # pieces of 160 and frames of 240: the oldest sample has waited for the piece in which its frame became whole
    assert budget(Chain([("a", late(0)), ("b", blocks(240))]), 160) == {"a": 160, "b": 320}


def test_features_let_the_audio_pass_when_they_are_known():
    """Window k, samples 160 k to 160 k + 399, stands for 160 k + 200 and is whole with the piece to 160 k + 480.

    With it the audio up to the next place, 160 k + 360, may pass; its oldest sample has waited for 280.
    """
    chain = Chain([("features", means(400, 160)), ("then", late(0))])
    assert budget(chain, 160) == {"features": 280, "then": 280}
    running, x = Running(chain), audio()
    out = [y for k in range(20) if (y := running(x[:, 160 * k : 160 * (k + 1)])) is not None]
    got = np.concatenate(out, axis=1)
    assert np.array_equal(got, x[:, : 200 + 160 * 18])  # eighteen windows are whole in 3200 samples
    assert check(chain).metrics["exact"] == 1.0


def test_a_budget_names_every_part_and_adds_up():
    """Bursts end 40 samples past a frame, so that 2.5 ms are lost in filling frames, and 2.5 ms are the codec's lag."""
    chain = Chain([("features", means(400, 160)), ("codec", of_codec(toy_codec(lag=40)))])
    found = _latency.budget(_latency.placed(chain, case()), audio(), 160)
    assert found["budget.0..capture_ms"] == 10.0
    assert found["budget.1.features.algorithmic_ms"] == 7.5 and found["budget.2.codec.algorithmic_ms"] == 5.0
    parts = {n for n in found if n.startswith("budget.")}
    assert {"budget.1.features.compute_ms", "budget.2.codec.compute_ms", "budget.2.codec.decode_ms"} < parts
    assert found["latency_ms"] == pytest.approx(sum(found[n] for n in parts), abs=0.01) and found["latency_ms"] > 20


# Chains and guests


def test_a_resampler_stands_between_two_rates():
    chain = Chain([("a", late(0)), ("b", replace(late(0), rate=48000))])
    assert [name for name, _ in chain.links] == ["a", "16000 to 48000 Hz", "b"]
    assert check(chain).metrics["exact"] == 1.0 and chain.links[1][1].step == Fraction(1, 3)


def test_pieces_are_the_most_whole_frames_that_fit():
    assert alone(blocks(96)).piece(20.0) == 288 and alone(late(0)).piece(5.0) == 80
    with pytest.raises(Unsupported, match="works in frames of 20 ms"):
        alone(blocks(320)).piece(10.0)


def test_a_chain_is_made_of_names_each_for_the_rate_before_it():
    here = case()
    found = load().find("stream", "resample:c+mulaw:numpy")
    assert found.requires == ("audiokern", "numpy")
    chain = found.make(here)
    assert [name for name, _ in chain.links] == ["resample:c", "mulaw:numpy"] and chain.last.rate == 48000
    assert SUITE.kind("resample:c+mulaw:numpy") == "chain" and SUITE.kind("codec:opus:cbr") == "codec"
    with pytest.raises(UnknownName, match="did you mean mulaw:numpy"):
        load().find("stream", "resample:c+mulaw:nump")
    given: list[Case] = []
    link = Implementation("stream", "a", lambda c: (given.append(c), late(0))[1])
    SUITE.compose("a+a", lambda _: link).make(replace(here, corpus="folder", weights="file"))
    assert [(c.corpus, c.weights, c.sample_rate) for c in given] == 2 * [("folder", "file", 16000)]
    chosen = load().select(["stream"], ["mulaw:c+mulaw:c", "mulaw"])["stream"]
    assert {"mulaw:c+mulaw:c", "mulaw:c", "mulaw:numpy"} < {i.name for i in chosen}


def test_a_codec_after_what_is_not_exact_cannot_be_held_to_its_offline_self():
    rough, codec = replace(late(0), tolerance=1e-6), of_codec(toy_codec(lag=0))
    assert Chain([("a", rough), ("b", codec)]).tolerance == float("inf")
    assert Chain([("a", codec), ("b", rough)]).tolerance == 1e-6 and Chain([("a", codec)]).tolerance == 0


def test_every_codec_is_a_guest_and_says_when_it_cannot_stream():
    guests = {i.name: i for i in load().of("stream") if i.home}
    assert {f"codec:{i.name}" for i in load().of("codec")} == set(guests) and guests["codec:pcm:16bit"].home == "codec"
    assert set(guests["codec:pcm:16bit"].ops(case(frame_ms=20.0), SUITE)) == {"frame", "paced"}
    with pytest.raises(Unsupported, match="declares no stream"):
        as_stream(replace(toy_codec(0), stream=None))
    with pytest.raises(TypeError, match=r"returns a bench\.Stream"):
        as_stream(lambda x: x)


@pytest.mark.parametrize("one", OURS, ids=lambda i: i.name)
def test_what_is_declared_is_what_is_measured(one):
    for module in one.requires:
        try:
            __import__(module)
        except (ImportError, OSError) as error:
            pytest.skip(f"{module}: {error}")
    found = _latency.look_ahead(as_stream(one.make(case(), **one.variant)))
    assert found["algorithmic_ms"] == found.get("declared_ms", found["algorithmic_ms"]) < 20
