"""FFCV for audio: an array field of int16, and a decoder, compiled by Numba, that copies one random crop."""

import os

# FFCV's threads are Numba's, whose number is fixed when it is imported
os.environ["NUMBA_NUM_THREADS"] = str(os.cpu_count() or 1)

from dataclasses import replace

import numpy as np
import soundfile
import soxr
from ffcv.fields import IntField, NDArrayField
from ffcv.fields.decoders import IntDecoder, NDArrayDecoder
from ffcv.loader import Loader, OrderOption
from ffcv.pipeline.allocation_query import AllocationQuery
from ffcv.pipeline.compiler import Compiler
from ffcv.transforms import Squeeze, ToTensor
from ffcv.writer import DatasetWriter

from bench import Unsupported
from impls.load._torch import log_mel

__version__ = __import__("importlib.metadata").metadata.version("ffcv")


class Crop(NDArrayDecoder):
    """float32 (batch, 1 + out): where in the file the crop begins, then its samples, zeros beyond the file's end."""

    def __init__(self, out, places, step, rate):
        super().__init__()
        self.out, self.places, self.step, self.at = out, places, step, 16000 * step // rate

    def declare_state_and_memory(self, previous_state):
        shape, kind = (1 + self.out,), np.dtype("float32")
        return replace(previous_state, jit_mode=True, shape=shape, dtype=kind), AllocationQuery(shape, kind)

    def generate_code(self):
        each, read, out, places, step, at = (
            Compiler.get_iterator(), self.memory_read, self.out, self.places, self.step, self.at
        )  # fmt: skip
        there, scale = min(out, int(self.field.shape[0])), np.float32(2**-15)

        def crop(indices, destination, metadata, storage_state):
            for i in each(indices.shape[0]):
                samples = read(metadata[indices[i]], storage_state).view(np.int16)
                place = np.random.randint(0, places)
                destination[i, 0] = place * step
                begin = place * at
                for t in range(there):
                    destination[i, 1 + t] = samples[begin + t] * scale
                destination[i, 1 + there :] = 0
            return destination

        crop.is_parallel = True
        return crop


class Whole:
    """What is written: all files, decoded and resampled."""

    def __init__(self, job):
        self.job = job

    def __len__(self):
        return self.job.files.count

    def __getitem__(self, i):
        samples, rate = soundfile.read(self.job.paths[i], dtype="int16")
        if rate != 16000:  # soxr would dither even where both rates are the same
            samples = soxr.resample(samples, rate, 16000)
        whole = np.zeros(length(self.job), np.int16)
        whole[: len(samples)] = samples[: len(whole)]
        return whole, i


def length(job):
    """Samples of a whole file at 16 kHz."""
    return job.frames * 16000 // job.sample_rate


def write(job, folder):
    fields = {"samples": NDArrayField(np.dtype("int16"), (length(job),)), "index": IntField()}
    DatasetWriter(str(folder / "set.beton"), fields, num_workers=1).from_indexed_dataset(Whole(job))


def epochs(job, quasi):
    if job.workers > (most := int(os.environ["NUMBA_NUM_THREADS"])):
        raise Unsupported(f"FFCV's threads are Numba's, one a processor: {most} workers at most here")
    folder = job.built("ffcv", lambda into: write(job, into))
    mel = log_mel() if job.case.features == "log_mel" else lambda samples: samples
    made = Loader(
        str(folder / "set.beton"),
        batch_size=job.batch,
        num_workers=max(1, job.workers),
        order=OrderOption.QUASI_RANDOM if quasi else OrderOption.RANDOM,
        os_cache=not quasi,
        seed=job.seed,
        pipelines={
            "samples": [Crop(job.out, job.places, job.step, job.sample_rate), ToTensor()],
            "index": [IntDecoder(), ToTensor(), Squeeze(1)],
        },
    )

    def each():
        for rows, index in made:
            yield mel(rows[:, 1:]), index, rows[:, 0]

    return each
