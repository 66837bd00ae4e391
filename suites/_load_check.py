"""Is what was loaded what was written? Sample by sample; for lossy formats within the codec's own delay and SNR."""

from __future__ import annotations

import numpy as np
import soundfile

from bench import Check
from suites._load_job import Batch, Job, Loading, host
from suites._load_set import LOSSLESS, TARGET_RATE, FileSet, resampled

MOST_LAG = 0.1  # s: the longest delay of a decoder that leaves in what the encoder put before (MP3: 1105 samples)
WORSE = 3.0  # dB below libsndfile's own answer that a lossy decoder may be
RESAMPLED = 20.0  # dB at which a resampled crop still is the same sound
EDGE = 0.02  # s at both ends of a resampled crop that depend on what lies beyond
SHORTEST = 0.05  # s of a resampled crop that leave something between them
EXAMINED = 16  # crops of lossy or resampled files; of others, all that are in so many batches:
BATCHES = 64
FEW = 8  # items that may come in any order by chance
SHORTER = 0.1  # s that a lossy decoder may give less or more
SILENT = 1e-4  # RMS


def decoded(files: FileSet, start: int, frames: int, out: np.ndarray) -> Check:
    """One call of decode: frames ``start`` to ``start + frames`` of file 0."""
    source = files.source(0)[start : start + frames] / np.float32(2**15)
    if out.ndim != 1 or out.dtype != np.float32:
        return Check({"error": 1.0}, f"{out.dtype} {out.shape}, not float32 (samples,)")
    if files.format in LOSSLESS:
        return _exact(out, source)
    if abs(len(out) - frames) > SHORTER * files.sample_rate:
        return Check({"error": 1.0}, f"{len(out)} samples, not {frames}")
    return _near(out, source, _by_libsndfile(files, 0, start, frames), files.sample_rate)


def epochs(loading: Loading) -> Check:
    """Two epochs: every item once in each, in another order, and the crops are those of the files."""
    job = loading.job
    first, _, wrong = _epoch(loading)
    second, found, wrong_too = _epoch(loading)
    if wrong := wrong or wrong_too:
        return Check({"error": 1.0}, wrong)
    verdict = _crops(job, found)
    figures = {**verdict.metrics, "shuffling": mixing(second)}
    if verdict.wrong or job.files.count <= FEW:
        return Check(figures, verdict.wrong)
    if (first == second).all():
        return Check(figures, "two epochs have the same order")
    ordered = (second == np.arange(job.files.count)).all()
    return Check(figures, "the files come in the order of their names" if ordered else "")


Found = list[tuple[int, int, np.ndarray]]  # item, start, samples


def _epoch(loading: Loading) -> tuple[np.ndarray, Found, str]:
    """The order of an epoch, copies of its first crops, and what is wrong with it."""
    order, found = [], []
    for batch in loading.epochs():
        samples, index, start = _items(batch)
        if wrong := _shape(loading.job, samples, index, start):
            return np.empty(0, int), [], wrong
        order.append(index)
        if len(order) <= BATCHES:
            found += [(int(i), int(s), x) for i, s, x in zip(index, start, samples.copy(), strict=True)]
    whole = np.concatenate(order).astype(np.int64) if order else np.empty(0, np.int64)
    return whole, found, _not_once(whole, loading.job.files.count)


def mixing(order: np.ndarray) -> float:
    """How far items move from their place, against a third of all places, which uniform shuffling gives: about 1."""
    return float(np.abs(order - np.arange(len(order))).mean() / (len(order) / 3))


def _items(batch: Batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    samples, index, start = map(host, batch)
    return samples, index.ravel().copy(), start.ravel().copy()  # a loader may use a batch's memory again


def _shape(job: Job, samples: np.ndarray, index: np.ndarray, start: np.ndarray) -> str:
    if samples.dtype != np.float32 or len(samples) != len(index) or len(start) != len(index):
        return f"a batch of {samples.dtype} {samples.shape} with {len(index)} items and {len(start)} starts"
    if job.case.features == "waveform" and samples.shape[1:] != (job.out,):
        return f"crops of {samples.shape[1:]} samples, not {job.out}"
    return ""


def _not_once(order: np.ndarray, count: int) -> str:
    seen = np.bincount(order, minlength=count) if order.size and order.min() >= 0 else np.zeros(count, int)
    if len(seen) == count and (seen == 1).all():
        return ""
    return f"an epoch brings {len(order)} items, {(seen[:count] == 0).sum()} of {count} never, {(seen > 1).sum()} twice"


def _crops(job: Job, found: Found) -> Check:
    """The worst of the crops; exact where nothing is lost on the way."""
    if starts := [s for _, s, _ in found if s % job.step or not 0 <= s <= max(0, job.frames - job.crop)]:
        return Check({"error": 1.0}, f"a crop begins at {starts[0]}")
    if job.places > 100 and len({s for _, s, _ in found}) < min(len(found), 16) / 2:
        return Check({"error": 1.0}, "the crops are not random: many begin at the same place")
    plain = job.case.features == "waveform" and job.files.format in LOSSLESS and job.sample_rate == TARGET_RATE
    checks = []
    for index, start, crop in found if plain else found[:EXAMINED]:
        source = job.files.source(index) / np.float32(2**15)
        if plain:
            checks.append(_exact(crop, _cut(source, start, job.crop)))
        else:
            checks.append(_resampled_crop(job, index, start, crop, source))
        if checks[-1].wrong:
            return Check(checks[-1].metrics, f"item {index} from {start}: {checks[-1].wrong}")
    worst = {k: [c.metrics[k] for c in checks if k in c.metrics] for k in checks[0].metrics}
    figures = {k: min(v) if k == "snr_db" else max(v, key=abs) for k, v in worst.items()}
    return Check({**figures, "crops_compared": float(len(checks))})


def _resampled_crop(job: Job, index: int, start: int, crop: np.ndarray, source: np.ndarray) -> Check:
    at = start * TARGET_RATE // job.sample_rate
    wanted = _cut(resampled(source, job.sample_rate), at, job.out)
    if job.case.features != "waveform":
        from suites._load_mel import near

        return near(crop, wanted)
    whole = _by_libsndfile(job.files, index, 0, job.frames)
    usual = _cut(resampled(whole, job.sample_rate), at, job.out)
    edge = round(EDGE * TARGET_RATE) if job.sample_rate != TARGET_RATE else 0
    inner = slice(edge, min(job.out, len(source) * TARGET_RATE // job.sample_rate - at) - edge)
    check = _near(crop[inner], wanted[inner], usual[inner], TARGET_RATE, RESAMPLED if edge else np.inf)
    if not check.wrong and job.crop > job.frames and crop[job.frames * TARGET_RATE // job.sample_rate + edge :].any():
        return Check(check.metrics, "what lies beyond the file's end is not silent")
    return check


def _cut(samples: np.ndarray, start: int, frames: int) -> np.ndarray:
    """With zeros beyond the end."""
    part = samples[start : start + frames]
    return np.pad(part, (0, frames - len(part)))


def _by_libsndfile(files: FileSet, index: int, start: int, frames: int) -> np.ndarray:
    samples = soundfile.read(files.paths[index], dtype="float32")[0]
    return _cut(samples, start, frames)


def _exact(out: np.ndarray, source: np.ndarray) -> Check:
    if out.shape != source.shape:
        return Check({"error": 1.0}, f"{out.shape} samples, not {source.shape}")
    error = float(np.abs(out - source).max(initial=0.0))
    differ = int((out != source).sum())
    return Check({"error": error}, f"{differ} of {len(out)} samples are not those of the file" if differ else "")


def _near(out: np.ndarray, source: np.ndarray, usual: np.ndarray, rate: int, enough: float = np.inf) -> Check:
    """Right where its SNR, at its own delay, is near that of libsndfile's answer, or at least ``enough``."""
    if not np.isfinite(out).all():
        return Check({"error": 1.0}, "holds NaN or infinity")
    if np.sqrt(np.mean(source.astype(np.float64) ** 2)) < SILENT:
        loud, least = (float(np.sqrt(np.mean(x.astype(np.float64) ** 2))) for x in (out, usual))
        most = max(10 * SILENT, least * 10 ** (WORSE / 20))  # a pause holds the echoes of what is beside it
        return Check({"error": loud}, f"silence comes back with an RMS of {loud:.1e}" if loud > most else "")
    lag = _lag(out, source, rate)
    both = slice(max(0, -lag), min(len(source), len(out) - lag))  # of the source: what can be compared
    found = _snr(out, source, lag)
    least = min(enough, _snr(usual[both], source[both], _lag(usual, source, rate)) - WORSE)
    figures = {"error": float(10 ** (-found / 20)), "snr_db": found, "lag_samples": float(lag)}
    return Check(figures, f"SNR {found:.1f} dB at its delay, less than {least:.1f} dB" if found < least else "")


def _lag(out: np.ndarray, source: np.ndarray, rate: int) -> int:
    """By how many samples ``out`` comes late, within what a codec may."""
    most = min(round(MOST_LAG * rate), len(out) - 1, len(source) - 1)
    size = 1 << (len(out) + len(source)).bit_length()  # long enough that nothing comes round
    late, early = (np.fft.rfft(x.astype(np.float64), size) for x in (out, source))
    lags = np.arange(-most, most + 1)
    return int(lags[np.argmax(np.fft.irfft(late * early.conj(), size)[lags])])


def _snr(out: np.ndarray, source: np.ndarray, lag: int) -> float:
    late, early = out[max(0, lag) :].astype(np.float64), source[max(0, -lag) :].astype(np.float64)
    count = min(len(late), len(early))
    noise = np.sum((late[:count] - early[:count]) ** 2)
    power = np.sum(early[:count] ** 2)
    return float(10 * np.log10(power / noise)) if noise > 0 and power > 0 else 200.0
