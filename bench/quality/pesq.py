"""PESQ, wideband and narrowband, by the ITU's own C program in the package pesq."""

from __future__ import annotations

import numpy as np

from bench.quality.core import MetricFailure, Signal, metric

SHORTEST = 0.25  # seconds: the program's own limit
MOST_UTTERANCES = 50  # its arrays' size, which it does not check
FRAME = 0.004  # seconds, of its voice activity detector
JOINED, UTTERANCE, BLIP = 50, 50, 4  # frames: gaps up to the first are closed, shorter utterances do not count
SAFE = 2 * 50 * 50 * FRAME  # seconds: no more than 50 utterances and gaps of their least length fit
FACTS = {"unit": "MOS-LQO", "better": "higher", "requires": ("pesq",), "shortest": SHORTEST}


@metric(
    "pesq_wb",
    title="perceptual model of telephone listening up to 7 kHz; aligns in time by itself",
    range=(0.999, 4.65),
    identity=4.6439,
    rates=(16000,),
    lowest_rate=16000,
    source="ITU-T P.862 and P.862.2",
    **FACTS,
)
def pesq_wb(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return _pesq(reference, degraded, sample_rate, "wb")


@metric(
    "pesq_nb",
    title="perceptual model of telephone listening up to 3.4 kHz; aligns in time by itself",
    range=(0.999, 4.55),
    identity=4.5486,
    rates=(8000, 16000),
    source="ITU-T P.862 and P.862.1",
    **FACTS,
)
def pesq_nb(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return _pesq(reference, degraded, sample_rate, "nb")


def _pesq(reference: Signal, degraded: Signal, sample_rate: int, mode: str) -> float:
    import pesq

    if len(reference) > SAFE * sample_rate and most_utterances(reference, sample_rate) >= MOST_UTTERANCES:
        raise MetricFailure("may hold more than the 50 utterances that the ITU's program has room for; cut it")
    try:
        return float(pesq.pesq(sample_rate, reference, degraded, mode))
    except pesq.NoUtterancesError:
        raise MetricFailure("PESQ detects no utterance in the reference") from None
    except pesq.BufferTooShortError:
        raise MetricFailure(f"shorter than {SHORTEST} s") from None
    except ValueError:  # the wrapper's answer to a NaN of the program
        raise MetricFailure("PESQ finds nothing to compare in the degraded signal") from None
    except pesq.PesqError as error:
        raise MetricFailure(f"PESQ fails ({error})") from None


def most_utterances(reference: Signal, sample_rate: int) -> int:
    """How many utterances PESQ could find, at whatever level its detector sets its threshold.

    The program writes past its arrays from the 51st on, which gives a wrong figure or ends the process. Its rules
    (P.862, ``apply_VAD`` and ``id_searchwindows``): frames of 4 ms above a threshold are speech, bursts of up to 4
    frames are not, gaps of up to 50 are closed, and 50 frames make an utterance.
    """
    size = round(FRAME * sample_rate)
    power = (reference[: len(reference) // size * size].reshape(-1, size) ** 2).mean(axis=1)
    levels = power.max() * 10 ** (-np.arange(0, 41) / 10)
    return max(_utterances(power > level) for level in levels)


def _utterances(speech: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], speech.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    kept = ends - starts > BLIP
    starts, ends = starts[kept], ends[kept]
    if not len(starts):
        return 0
    apart = starts[1:] - ends[:-1] > JOINED
    starts, ends = starts[np.r_[True, apart]], ends[np.r_[apart, True]]
    return int((ends - starts + 2 >= UTTERANCE).sum())  # the detector softens edges by two frames
