"""A torch DataLoader over any function that reads a part of a file."""

import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from impls.load._items import item


class Crops(Dataset):
    """Asked for ``(index, start)``, so that workers that live on need not be told of the epoch."""

    def __init__(self, job, one):
        self.count, self.one = job.files.count, one

    def __len__(self):
        return self.count

    def __getitem__(self, chosen):
        return self.one(*chosen)


class Shuffled(Sampler):
    """Each item with the start of its crop, in another order in each epoch."""

    def __init__(self, job):
        self.job, self.epoch = job, -1

    def __len__(self):
        return self.job.files.count

    def __iter__(self):
        self.epoch += 1
        starts = self.job.starts(self.epoch)
        return ((int(i), int(starts[i])) for i in self.job.order(self.epoch))


def loader(job, read, pin_memory=False, keys=None):
    """Epochs by a DataLoader whose workers are kept from epoch to epoch."""
    made = DataLoader(
        Crops(job, item(job, read, keys)),
        batch_size=job.batch,
        sampler=Shuffled(job),
        num_workers=job.workers,
        persistent_workers=job.workers > 0,
        pin_memory=pin_memory,
        collate_fn=collate(job),
    )
    return made.__iter__


def collate(job):
    """Items into a batch, with log-mel on top where the case asks for it: in the worker, as is usual."""
    mel = log_mel() if job.case.features == "log_mel" else lambda samples: samples

    def made(items):
        samples, index, start = default_collate(items)
        return mel(samples), index, start

    return made


def log_mel():
    """float32 (batch, samples) -> (batch, 80, frames), as ``suites/_load_mel.py`` says."""
    from suites._load_mel import FLOOR, HOP_LENGTH, N_FFT, filters

    window = torch.hann_window(N_FFT)
    bank = torch.from_numpy(filters()).float()

    def made(samples):
        spectra = torch.stft(samples, N_FFT, HOP_LENGTH, window=window, pad_mode="constant", return_complex=True)
        return (bank @ spectra.abs().square()).clamp_min(FLOOR).log10()

    return made
