"""Items of an epoch out of any function that reads a part of a file, for loaders that handle one file at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bench import Unsupported


def waveform_only(job):
    if job.case.features != "waveform":
        raise Unsupported("gives samples; with log-mel on top it is measured as dataloader, dali, ffcv and c")


def fit(samples, job):
    """A crop at 16 kHz, with zeros after a file that is too short."""
    if job.sample_rate != 16000:
        import soxr

        samples = soxr.resample(samples, job.sample_rate, 16000)
    out = np.zeros(job.out, np.float32)
    out[: len(samples)] = samples[: job.out]
    return out


def item(job, read, keys=None):
    """``(index, start) -> (samples, index, start)`` by ``read(key, start, frames)``; the keys are paths by default."""
    keys = job.paths if keys is None else keys

    def one(index, start):
        frames = min(job.crop, job.frames - int(start))
        return fit(read(keys[index], int(start), frames), job), int(index), int(start)

    return one


def batches(job, epoch) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Items and starts of each batch of an epoch."""
    order, starts = job.order(epoch), job.starts(epoch)
    for at in range(0, len(order), job.batch):
        index = order[at : at + job.batch]
        yield index, starts[index]


def loop(job, read):
    """Epochs by a plain loop; by ``job.workers`` threads, some batches ahead, where there are any."""
    waveform_only(job)
    epoch, one = -1, item(job, read)

    def load(chosen):
        index, starts = chosen
        return np.stack([one(*pair)[0] for pair in zip(index, starts, strict=True)]), index, starts

    def epochs():
        nonlocal epoch
        epoch += 1
        if not job.workers:
            yield from map(load, batches(job, epoch))
            return
        with ThreadPoolExecutor(job.workers) as pool:
            waiting = []
            for chosen in batches(job, epoch):
                waiting.append(pool.submit(load, chosen))
                if len(waiting) > 2 * job.workers:
                    yield waiting.pop(0).result()
            yield from (each.result() for each in waiting)

    return epochs
