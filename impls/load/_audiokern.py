"""Epochs by audiokern: crops of WAV files by mmap, resampled and turned into log-mel by its own kernels."""

import numpy as np
from audiokern.wav import Batch

from impls.load._items import batches


def epochs(job):
    threads, epoch = job.workers + 1, -1
    plan, then = Batch(threads), _then(job, threads)

    def each():
        nonlocal epoch
        epoch += 1
        for index, starts in batches(job, epoch):
            yield then(plan.read([job.paths[i] for i in index], starts, job.crop)), index, starts

    return each


def _then(job, threads):
    """What happens to a batch of crops at the files' rate."""
    steps = []
    if job.sample_rate != 16000:
        from audiokern.resample import Resampler

        resampler = Resampler(job.sample_rate, 16000, threads=threads)
        steps.append(lambda x: np.ascontiguousarray(resampler(x)[:, : job.out]))
    if job.case.features == "log_mel":
        from audiokern.mel import Mel
        from audiokern.stft import Config

        from suites._load_mel import FLOOR, HOP_LENGTH, N_FFT, filters

        window = np.sin(np.pi * np.arange(N_FFT) / N_FFT) ** 2
        config = Config(N_FFT, HOP_LENGTH, window, pad_mode="constant")
        steps.append(Mel(config, filters(), log="log10", floor=FLOOR, threads=threads))

    def apply(x):
        for step in steps:
            x = step(x)
        return x

    return apply
