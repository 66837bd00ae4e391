"""When what goes in comes out: look-ahead, lag, what is held back, and the time that each part of a chain takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from bench import Case
from bench.codec import Codec, on_the_grid
from bench.corpus import clip
from bench.measure.pace import Pace
from bench.quality.align import calibrate
from bench.streaming import Chain, Running, Stream
from suites._lookahead import by_gradient, by_perturbation

CLIPS = [(seed, 2.0) for seed in (101, 103, 105)]  # (seed, seconds) of stretches of the corpus on which lag is measured
QUIET, LOUD = 0.003, 0.9  # RMS of what is heard; peak of what replaces its future, so loud that no frame can hide it
SPREAD, PLACES = 24, 48  # places in a frame where codecs are tried: evenly spread, and by the search
LEAST_PIECES, MOST_PIECES, WATCHED_SECONDS = 50, 400, 2.0


def placed(chain: Chain, case: Case) -> Chain:
    """The same chain, with the lag of its codecs measured."""
    return Chain([(name, measured(stream, case) if stream.codec else stream) for name, stream in chain.links])


def measured(stream: Stream, case: Case) -> Stream:
    """A codec with its measured lag for its place; what it declares where nothing of the corpus sounds, or of it."""
    assert stream.codec
    if stream.codec.random_weights:
        return stream  # what comes out is no copy of what went in
    pairs = []
    for seed, seconds in CLIPS:
        sound = on_the_grid(clip(case.corpus, seconds, stream.rate, 1, seed))
        pairs.append((sound[0], stream.whole(sound)[0]))
    try:
        lag = calibrate(pairs, stream.rate, "envelope" if stream.codec.parametric else "auto").samples
    except ValueError:
        return stream
    return replace(stream, place=-lag)


def look_ahead(stream: Stream) -> dict[str, float]:
    """The look-ahead in input samples, past the place of an output, by changing the future and by back-propagation.

    ``algorithmic_ms``: the time that must pass before anybody could give the answer; one sample more, for the furthest
    one must have come in whole. ``declared_ms`` beside it. No figure by perturbation where two runs differ already.
    """
    found: dict[str, float] = {}
    exact = stream.differentiable is not None  # the gradient tells all, and trying places is a cross-check
    if np.array_equal(streamed(stream, _noise(stream)), streamed(stream, _noise(stream))):
        step, place = float(stream.step), float(stream.place)
        rounding = stream.tolerance * LOUD  # of blocks by FFT, where any sample moves the last bit of all
        settings = {"step": step, "place": place, "quiet": QUIET, "loud": LOUD, "tolerance": rounding}
        settings |= (
            {"spread": SPREAD // 8 if exact else SPREAD, "places": PLACES // 4 if exact else PLACES}
            if stream.codec
            else {}
        )
        found["lookahead_samples"] = by_perturbation(lambda x: streamed(stream, x), stream.period, **settings)
    if stream.differentiable:
        network = stream.differentiable()
        found["lookahead_gradient_samples"] = by_gradient(network, stream.period) - stream.place
    if found:
        ahead = max(found.values())
        found["algorithmic_ms"] = 1000 * (ahead + 1) / stream.rate
    if stream.declared is not None:
        found["declared_ms"] = 1000 * stream.declared / stream.rate
    return {name: value if math.isinf(value) else round(value, 3) for name, value in found.items()}


def by_gradient_only(codec: Codec) -> dict[str, float]:
    """The same of a codec that declares no stream, in samples at its rate."""
    assert codec.differentiable
    ahead = by_gradient(codec.differentiable(), codec.frame, codec.channels)
    return {"lookahead_gradient_samples": ahead, "algorithmic_ms": round(1000 * (ahead + 1) / codec.rate, 3)}


def _noise(stream: Stream) -> np.ndarray:
    return np.random.default_rng(0).normal(0, QUIET, (1, 8 * stream.period + 256)).astype(np.float32)


def streamed(stream: Stream, x: np.ndarray) -> np.ndarray:
    """All that comes out of a fresh state while the whole frames of ``x`` go in, at least some twenty pieces."""
    frames = x.shape[1] // stream.frame
    x, piece = x[:, : frames * stream.frame], max(1, frames // 20) * stream.frame
    feed = stream.open()
    return np.concatenate([feed(x[:, at : at + piece]) for at in range(0, x.shape[1], piece)], axis=1)


def held(chain: Chain, audio: np.ndarray, piece: int) -> list[float]:
    """For each link, the longest time in s from a place in the source to the end of the piece that brings it out.

    Pieces of ``piece`` samples are fed in turn. The first half is left out: a start may take longer.
    """
    running, longest = Running(chain), [0.0] * len(chain.links)
    pieces = audio.shape[1] // piece
    for k in range(pieces):
        before = [(stage.count, stage.passed) for stage in running.stages]
        running(audio[:, k * piece : (k + 1) * piece])
        arrived, offset = (k + 1) * piece / chain.rate, 0.0
        for n, (stage, (count, passed)) in enumerate(zip(running.stages, before, strict=True)):
            tap = stage.stream.features and n < len(chain.links) - 1
            new = stage.passed > passed if tap else stage.count > count
            at = passed if tap else count * float(stage.stream.step) + stage.stream.place
            if new and k >= pieces // 2:
                longest[n] = max(longest[n], arrived - (at / stage.stream.rate + offset))
            offset += 0.0 if stage.stream.features else stage.stream.place / stage.stream.rate
    return longest


def spent(chain: Chain, audio: np.ndarray, piece: int) -> list[dict[str, float]]:
    """For each link, the 95th percentile of its time on a piece, in s, at the pace of the source, by kind."""
    seconds = piece / chain.rate
    count = min(MOST_PIECES, max(LEAST_PIECES, round(WATCHED_SECONDS / seconds)))
    running, pieces = Running(chain), around(audio, piece)
    tallies: list[list[Mapping[str, float]]] = [[] for _ in chain.links]

    def run() -> None:
        running(next(pieces), watch=True)
        for tally, stage in zip(tallies, running.stages, strict=True):
            tally.append(stage.spent)

    Pace(1e9 * seconds).turn(run, (), count)
    kinds = ("compute", "decode")
    return [{k: float(np.percentile([s.get(k, 0.0) for s in t], 95)) / 1e9 for k in kinds} for t in tallies]


def around(audio: np.ndarray, piece: int) -> Iterator[np.ndarray]:
    """Its pieces in turn, from the beginning again after the last whole one."""
    starts = range(0, max(1, audio.shape[1] // piece) * piece, piece)
    whole = np.pad(audio, ((0, 0), (0, max(0, piece - audio.shape[1]))))
    pieces = [np.ascontiguousarray(whole[:, at : at + piece]) for at in starts]
    while True:
        yield from pieces


def budget(chain: Chain, audio: np.ndarray, piece: int) -> dict[str, float]:
    """The time from a sound to its answer, in ms, part by part: ``budget.<n>.<link>.<kind>_ms``, and in all.

    ``capture``: until a piece is whole. ``algorithmic``: what a link holds back beyond what is held already, and by how
    much its output lags. ``compute`` and ``decode``: 95th percentiles at the pace of the source. The decoder stands at
    the other end of the line, whose own delay is not counted.
    """
    found, so_far = {"budget.0..capture_ms": 1000 * piece / chain.rate}, piece / chain.rate
    times = zip(chain.links, held(chain, audio, piece), spent(chain, audio, piece), strict=True)
    for n, ((name, _), until, took) in enumerate(times, 1):
        found[f"budget.{n}.{name}.algorithmic_ms"] = 1000 * (until - so_far)
        found |= {f"budget.{n}.{name}.{kind}_ms": 1000 * s for kind, s in took.items() if s}
        so_far = until
    return {"latency_ms": round(sum(found.values()), 3)} | {name: round(ms, 4) for name, ms in found.items()}
