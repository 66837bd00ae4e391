"""Streaming: one frame at a time, at full speed and at the pace of a live source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bench import Case, Check, Codec, Op, Stream, Suite, Work
from bench.codec import on_the_grid, resample
from bench.core import Implementation
from bench.corpus import clip
from bench.streaming import Chain, Running, of_codec

FRAMES = 1000  # of which p99 and the longest are told
LATEST = 1.5  # s that a stream may lag behind its offline twin at the end
SHORTEST = 0.2  # s of audio: what a stream holds back at first, soxr's 46 ms for one, must have come out
JOIN = "+"  # between the links of a chain


class StreamSuite(Suite):
    """Conventions: those of :class:`bench.Stream`; codecs take part as ``codec:name`` where they declare ``stream``.

    A call hands over one piece: the most whole frames that last no longer than ``frame_ms``. ``frame`` calls as fast as
    it can, ``paced`` when the piece has arrived. Mono, at ``sample_rate`` or at the nearest rate that it can;
    ``bitrate`` (kbit/s) is for codecs. Transforms have windows of 25 ms every 10 ms, or every 5 ms where pieces are
    shorter, and are not padded: frame k begins at k hops and stands for its middle. Resamplers go to 48 kHz, or from
    48 to 16 kHz.

    ``whole`` is for codecs that take whole signals only, where they are ``differentiable``: a call is a round trip of
    all the audio, and the figures tell what nobody who streams it could do without.

    A chain is written ``a+b`` (``--chain a,b``). The audio goes from one to the next; what gives features lets it pass
    when the features of that place are there, as a gate or a mask would have to.

    **wrong**: streamed in pieces, it gives something else than the same system gives offline: at all, or past its
    stated tolerance (``error``, RMS over RMS). A system that differs from itself, offline, may differ as much again.

    ``quality``:

    - ``lookahead_samples``: by how many input samples the furthest one that changes an output lies past the place of
      that output; measured by changing the future; ``lookahead_gradient_samples`` by back-propagation;
    - ``algorithmic_ms``: the delay that follows, with the measured lag of a codec; ``declared_ms``: what is declared;
    - ``latency_ms`` (``paced``): from a sound to its answer, in pieces of this size, with its parts ``budget.*``.
    """

    name = "stream"
    title = "frame by frame: float32 pieces of a mono signal -> what is ready by then, in frames of frame_ms"
    ops = ("frame", "paced", "whole")
    hosts = ("codec",)
    grids = {
        "quick": [{"frame_ms": [20.0], "sample_rate": [16000], "bitrate": [12.0], "channels": [1], "seconds": [2.0]}],
        "default": [
            {"frame_ms": [10.0, 20.0], "sample_rate": [16000], "bitrate": [12.0], "channels": [1], "seconds": [4.0]}
        ],
        "full": [
            {"frame_ms": [5.0, 10.0, 20.0, 40.0, 80.0], "sample_rate": [rate], "bitrate": [bitrate], "channels": [1],
             "seconds": [4.0]}
            for rate, bitrate in ((16000, 12.0), (48000, 64.0))
        ],
    }  # fmt: skip

    def kind(self, impl: str) -> str:
        return "chain" if JOIN in impl else impl.partition(":")[0]

    def compose(self, name: str, find: Callable[[str], Implementation]) -> Implementation | None:
        """A chain, ``a+b``: each is made for the rate at which the one before it gives its audio."""
        if JOIN not in name:
            return None
        links = [find(part) for part in name.split(JOIN)]

        def make(case: Case) -> Chain:
            made: list[tuple[str, Stream]] = []
            for link in links:
                rate = made[-1][1].rate_out if made else case.sample_rate
                here = replace(case, params={**case.params, "sample_rate": rate})
                made.append((link.name, as_stream(link.make(here, **link.variant))))
            return Chain(made)

        requires = tuple(dict.fromkeys(module for link in links for module in link.requires))
        return Implementation(self.name, name, make, requires, links[0].extra, links[0].devices)

    starter = """\
def whole(x):  # all of float32 (channels, samples) at once -> (channels, outputs, ...); replace it
    return x

def opened():  # a fresh state: the next samples -> the outputs that are ready by then
    return lambda x: x

return Stream(case.sample_rate, opened, whole)
"""

    def adopt(self, made: Any, case: Case) -> dict[str, Op]:
        if isinstance(made, Codec) and made.differentiable and not made.stream:
            return {"whole": whole(made, case)}
        chain = made if isinstance(made, Chain) else Chain([("", as_stream(made))])
        return ops(chain, case)

    def valid(self, case: Case) -> bool:
        """Mono, and long enough that something comes out of whole pieces."""
        if case.channels != 1 or case.params.get("batch", 1) != 1 or case.sample_rate < 1:
            return False
        return bool(case.frame_ms > 0 and case.seconds >= max(SHORTEST, 2 * case.frame_ms / 1000))

    def audio(self, case: Case) -> np.ndarray:
        return clip(case.corpus, case.seconds, case.sample_rate, 1, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        return dict.fromkeys(self.ops, (on_the_grid(audio),))

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> None:
        return None

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        if op == "whole":
            short = out.shape[1] < args[0].shape[1]
            wrong = f"{out.shape[1]} samples of {args[0].shape[1]}" if short else ""
            return Check({}, wrong if np.isfinite(out).all() else "NaN or infinity in the output")
        streamed, offline, (tolerance, own, rate) = out
        if streamed.dtype != offline.dtype or streamed.shape[2:] != offline.shape[2:]:
            return Check({}, f"streams {streamed.dtype}{streamed.shape}, and is {offline.dtype}{offline.shape} offline")
        late = (offline.shape[1] - streamed.shape[1]) / rate
        if late > LATEST or not streamed.shape[1]:
            return Check({}, f"{late:.2f} s are missing when all has gone in")
        error, same = apart(streamed, offline), np.array_equal(*together(streamed, offline))
        figures = {"error": error, "exact": float(same)}
        if not np.isfinite(streamed).all():
            return Check(figures, "NaN or infinity in the output")
        wrong = not same and error > max(tolerance, 3 * own)
        said = f"streamed, it differs from itself offline by {error:.1e}, where {tolerance:.0e} is its tolerance"
        return Check(figures, said if wrong else "")

    def work(self, case: Case, op: str) -> Work:
        """Not known, as for codecs."""
        return Work(0, 0)

    def audio_seconds(self, case: Case) -> float:
        """Of ``whole``; how long a piece lasts, its operation says."""
        return case.seconds


def as_stream(made: Any) -> Stream:
    """What an implementation returned."""
    if isinstance(made, Codec):
        return of_codec(made)
    if not isinstance(made, Stream):
        raise TypeError(f"an implementation of stream returns a bench.Stream, not {type(made).__name__}")
    return made


def ops(chain: Chain, case: Case) -> dict[str, Op]:
    """The two operations of a chain in one case."""
    from suites import _latency

    piece, entered = chain.piece(case.frame_ms), []

    def prepare(audio: np.ndarray) -> Callable[[], Any]:
        entered[:] = [chain.enter(audio, case.sample_rate)]
        running, pieces = Running(chain), _latency.around(entered[0], piece)
        return lambda: running(next(pieces))

    def finish(_: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What comes out of whole pieces, streamed and offline; the tolerance, how far offline is from itself, Hz."""
        x = entered[0][:, : max(1, entered[0].shape[1] // piece) * piece]
        running, parts = Running(chain), []
        for at in range(0, x.shape[1], piece):
            out = running(x[:, at : at + piece])
            parts += [] if out is None else [out]
        offline = chain.whole(x)
        out = np.concatenate(parts, axis=1) if parts else offline[:, :0]
        own = 0.0 if np.array_equal(*together(out, offline)) else apart(chain.whole(x), offline)
        return out, offline, np.array([chain.tolerance, own, chain.last.rate / float(chain.last.step)])

    def figures() -> dict[str, float]:
        placed = _latency.placed(chain, case)
        return _latency.look_ahead(placed.last) if len(placed.links) == 1 else {}

    def parts() -> dict[str, float]:
        return _latency.budget(_latency.placed(chain, case), entered[0], piece)

    def shared(**more: Any) -> Op:
        return Op(lambda call: call(), prepare, finish, piece / chain.rate, least=FRAMES, **more)

    return {"frame": shared(probe=figures), "paced": shared(paced=True, probe=parts)}


def whole(codec: Codec, case: Case) -> Op:
    """Round trips of a codec that nobody can feed piece by piece, and how far it looks ahead."""
    from suites import _latency

    def prepare(audio: np.ndarray) -> Callable[[], Any]:
        x = resample(audio, case.sample_rate, codec.rate)
        return lambda: codec.decode(codec.encode(x))

    def finish(out: np.ndarray) -> np.ndarray:
        return resample(out, codec.rate, case.sample_rate)

    return Op(lambda call: call(), prepare, finish, probe=lambda: _latency.by_gradient_only(codec))


def together(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both, as far as they go together."""
    n = min(a.shape[1], b.shape[1])
    return a[:, :n], b[:, :n]


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """RMS of the difference over RMS of ``b``, as far as they go together."""
    a, b = (x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) for x in together(a, b))
    size = float(np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / (size or 1.0)
