"""What takes a signal piece by piece: a Stream, and a Chain of them, driven as a live source would.

All audio is float32, shape (channels, samples); all outputs have time on axis 1. Seconds are those of the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from bench.codec import Codec, Pipe, resample
from bench.core import Unsupported

if TYPE_CHECKING:  # finding implementations stays quick
    import numpy as np

Feed = Callable[[Any], Any]


@dataclass(frozen=True)
class Stream:
    """A system that takes a signal piece by piece: what a function under ``@impl("stream")`` returns.

    - ``rate``: Hz of its input; take ``case.sample_rate``, or the nearest that it can.
    - ``open``: gives a fresh state as one function: the next piece in, (channels, any multiple of ``frame``), and what
      is ready by then out, (channels, n, ...), n may be 0. A ``bench.codec.Pipe`` is timed in its two halves.
    - ``whole``: the same system offline, from all the samples to all the outputs; streaming is held against it.
    - ``step``: input samples from one output to the next: 1; source / target of a resampler; the hop of frames.
    - ``place``: the input sample that output 0 stands for: the middle of the first window; minus the lag.
    - ``frame``: samples that it works in.
    - ``declared``: the algorithmic delay that its documentation declares, in input samples, where it declares one.
    - ``tolerance``: how much streaming may differ from ``whole``, RMS over RMS [to the last bit].
    - ``features``: what comes out is no audio: the next of a chain gets the audio for which features are there.
    - ``differentiable``: as of :class:`bench.Codec`.
    - ``codec``: the codec that it is made of. Its lag is measured, and takes the place of ``place``.
    """

    rate: int
    open: Callable[[], Feed]
    whole: Feed
    step: Fraction | int = 1
    place: float = 0
    frame: int = 1
    declared: float | None = None
    tolerance: float = 0.0
    features: bool = False
    differentiable: Callable[[], Feed] | None = None
    codec: Codec | None = None

    @property
    def period(self) -> int:
        """Input samples after which it does the same again: whole frames, and a whole number of outputs."""
        return lcm(self.frame, Fraction(self.step).numerator)

    @property
    def rate_out(self) -> int:
        """Hz of the audio that goes on to the next of a chain."""
        return self.rate if self.features else int(self.rate / Fraction(self.step))


def of_codec(codec: Codec) -> Stream:
    """A codec as a stream, fed with whole frames. Raises Unsupported where it declares no ``stream``."""
    if not codec.stream or not codec.frame:
        raise Unsupported("takes whole signals only: it declares no stream")
    fresh = codec.stream
    lag = 0 if codec.delay is None else codec.delay - codec.frame

    def opened() -> Feed:
        feed = fresh()
        if not isinstance(feed, Pipe):
            return _by_frame(feed, codec.frame)
        return Pipe(_split(feed.into, codec.frame), _glue(feed.out))

    return Stream(
        codec.rate, opened, lambda x: codec.decode(codec.encode(x)), place=-lag, frame=codec.frame,
        declared=codec.delay, tolerance=codec.tolerance, differentiable=codec.differentiable, codec=codec,
    )  # fmt: skip


def _split(feed: Feed, frame: int) -> Feed:
    return lambda x: [feed(x[:, at : at + frame]) for at in range(0, x.shape[1], frame)]


def _glue(feed: Feed) -> Feed:
    import numpy as np

    return lambda parts: feed(parts[0]) if len(parts) == 1 else np.concatenate([feed(part) for part in parts], axis=1)


def _by_frame(feed: Feed, frame: int) -> Feed:
    split, joined = _split(feed, frame), _glue(lambda part: part)
    return lambda x: joined(split(x))


def resampling(source: int, target: int) -> Stream:
    """What a chain puts between two of different rates: this project's own, which holds back no more than its filter.

    soxr's stream, by comparison, works in blocks: at 10 ms a piece it holds back 46 ms where its filter needs 5.5.
    """
    from audiokern.resample import Resampler

    plan = Resampler(source, target, "hq", method="direct")
    return Stream(source, lambda: plan.stream().write, plan, Fraction(source, target), declared=plan.reach)


class Chain:
    """Streams one after another, by name. Where the rates of two differ, a resampler stands between them."""

    def __init__(self, links: Sequence[tuple[str, Stream]]):
        self.links: list[tuple[str, Stream]] = []
        for name, stream in links:
            before = self.links[-1][1].rate_out if self.links else stream.rate
            if before != stream.rate:
                self.links.append((f"{before} to {stream.rate} Hz", resampling(before, stream.rate)))
            self.links.append((name, stream))
        self.rate, self.last = self.links[0][1].rate, self.links[-1][1]

    def piece(self, milliseconds: float) -> int:
        """The samples of the most whole frames of its first that last no longer. Raises Unsupported where none does."""
        frame = self.links[0][1].frame
        count = int(milliseconds * self.rate / 1000 + 1e-9) // frame
        if not count:
            raise Unsupported(f"works in frames of {1000 * frame / self.rate:g} ms")
        return count * frame

    @property
    def tolerance(self) -> float:
        """Of all together; a codec after anything that is not exact makes other decisions, and nothing can be asked."""
        inexact = [n for n, (_, s) in enumerate(self.links) if s.tolerance]
        coded = [n for n, (_, s) in enumerate(self.links) if s.codec]
        if inexact and coded and inexact[0] < coded[-1]:
            return float("inf")
        return max(s.tolerance for _, s in self.links)

    def whole(self, x: np.ndarray) -> Any:
        """The last one's output for all the samples, offline."""
        for _, stream in self.links[:-1]:
            x = x if stream.features else stream.whole(x)
        return self.last.whole(x)

    def enter(self, audio: np.ndarray, rate: int) -> np.ndarray:
        """Audio of another rate at that of the first."""
        return resample(audio, rate, self.rate)


@dataclass
class Stage:
    """One link at work: what it has not yet taken, what came out so far, and the audio that waits for its features."""

    name: str
    stream: Stream
    feed: Feed = field(init=False)
    rest: Any = None
    count: int = 0
    heard: Any = None
    passed: int = 0
    spent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.feed = self.stream.open()

    def take(self, x: np.ndarray) -> np.ndarray | None:
        """What came in, up to the last whole frame, with what was left before."""
        import numpy as np

        if self.rest is not None:
            x, self.rest = np.concatenate([self.rest, x], axis=1), None
        left = x.shape[1] % self.stream.frame
        if left:
            self.rest, x = x[:, x.shape[1] - left :], x[:, : x.shape[1] - left]
        return x if x.shape[1] else None

    def __call__(self, x: np.ndarray) -> Any:
        """What is ready now; None where no frame was whole."""
        ready = self.take(x)
        out = None if ready is None else self.feed(ready)
        self.count += 0 if out is None else out.shape[1]
        return out

    def watched(self, x: np.ndarray) -> Any:
        """The same; ``spent`` is what it took in ns, as a whole ("compute") or in halves ("compute", "decode")."""
        began = perf_counter_ns()
        ready = self.take(x)
        out, halfway = None, 0
        if ready is not None and isinstance(self.feed, Pipe):
            packets = self.feed.into(ready)
            halfway = perf_counter_ns()
            out = self.feed.out(packets)
        elif ready is not None:
            out = self.feed(ready)
        ended = perf_counter_ns()
        self.count += 0 if out is None else out.shape[1]
        self.spent = {"compute": (halfway or ended) - began, "decode": ended - halfway if halfway else 0}
        return out


class Running:
    """A chain at work, in a fresh state: the next piece in, and what the last link gives by then out, or None."""

    def __init__(self, chain: Chain):
        self.stages = [Stage(name, stream) for name, stream in chain.links]

    def __call__(self, piece: np.ndarray, watch: bool = False) -> Any:
        x: Any = piece
        for stage in self.stages:
            if x is None:
                stage.spent = {}
                continue
            out = stage.watched(x) if watch else stage(x)
            x = self._known(stage, x) if stage.stream.features and stage is not self.stages[-1] else out
            x = None if x is None or not x.shape[1] else x
        return x

    def _known(self, stage: Stage, x: np.ndarray) -> Any:
        """The audio whose features are there: up to the place of the next ones."""
        import numpy as np

        heard = x if stage.heard is None else np.concatenate([stage.heard, x], axis=1)
        until = int(stage.count * stage.stream.step + stage.stream.place) if stage.count else 0
        new = max(0, until - stage.passed)
        stage.passed, stage.heard = stage.passed + new, heard[:, new:]
        return heard[:, :new]
