"""WebDataset: as many tar shards as keep eight workers busy, and items out of them by soundfile."""

import io

import numpy as np
import soundfile
import webdataset as wds
from torch.utils.data import DataLoader, get_worker_info

from impls.load._items import fit, waveform_only

SHARDS = 16
BUFFER = 1000  # items


def write(job, folder):
    shard = -(-job.files.count // SHARDS)
    with wds.ShardWriter(str(folder / "%04d.tar"), maxcount=shard, verbose=0) as shards:
        for i, path in enumerate(job.paths):
            with open(path, "rb") as file:
                shards.write({"__key__": f"{i:08}", "audio": file.read()})


class Crop:
    """A sample of a shard -> samples, index, start; random starts of each worker's own."""

    def __init__(self, job):
        self.job, self.draws = job, None

    def __call__(self, sample):
        job = self.job
        if self.draws is None:
            worker = get_worker_info()
            self.draws = np.random.default_rng([job.seed, worker.id if worker else 0])
        start = int(self.draws.integers(job.places)) * job.step
        frames = min(job.crop, job.frames - start)
        samples = soundfile.read(io.BytesIO(sample["audio"]), frames, start, dtype="float32")[0]
        return fit(samples, job), int(sample["__key__"]), start


def epochs(job):
    waveform_only(job)
    folder = job.built("webdataset", lambda into: write(job, into))
    shards = sorted(map(str, folder.glob("*.tar")))
    data = wds.WebDataset(shards, shardshuffle=len(shards), detshuffle=True, seed=job.seed, empty_check=False)
    shuffle = wds.filters.detshuffle(BUFFER, BUFFER, job.seed)
    data = data.compose(shuffle).map(Crop(job)).batched(job.batch)
    loader = DataLoader(data, batch_size=None, num_workers=job.workers, persistent_workers=job.workers > 0)
    return loader.__iter__
