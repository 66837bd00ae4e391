"""DALI pipelines: one file, decoded at once and not ahead; a set, shuffled, cropped and decoded ahead."""

import os
from math import gcd

import numpy as np
from nvidia.dali import fn, math, pipeline_def, types


def device_of(case):
    """The GPU's number; None on a CPU."""
    return None if case.device == "cpu" else int(case.device.partition(":")[2] or 0)


def one_file(case, path, start, frames):
    @pipeline_def(
        batch_size=1,
        num_threads=case.threads,
        device_id=device_of(case),
        exec_async=False,
        exec_pipelined=False,
        prefetch_queue_depth=1,
    )
    def pipeline():
        name = types.Constant(np.frombuffer(os.fsencode(path), np.uint8), device="cpu")
        encoded = fn.io.file.read(name, dont_use_mmap=case.cache == "cold")  # readers.file reads two calls ahead
        audio, _ = fn.decoders.audio(encoded, dtype=types.FLOAT, downmix=True)
        return audio if frames is None else fn.slice(audio, start, frames, axes=[0])

    made = pipeline()
    made.build()
    return made


def epochs(job):
    case, count = job.case, job.files.count

    @pipeline_def(batch_size=job.batch, num_threads=max(1, job.workers), device_id=device_of(case), seed=job.seed)
    def pipeline():
        encoded, index = fn.readers.file(
            files=job.paths,
            labels=list(range(count)),
            random_shuffle=True,
            initial_fill=min(count, 4096),
            dont_use_mmap=case.cache == "cold",
        )
        rate = {} if job.sample_rate == 16000 else {"sample_rate": 16000}
        audio, _ = fn.decoders.audio(encoded, dtype=types.FLOAT, downmix=True, **rate)
        place = fn.cast(math.floor(fn.random.uniform(range=[0.0, 1.0]) * job.places), dtype=types.INT32)
        place = math.clamp(place, 0, job.places - 1)
        begin = place * (16000 // gcd(16000, job.sample_rate))
        audio = fn.slice(audio, begin, job.out, axes=[0], out_of_bounds_policy="pad")
        if case.device != "cpu":
            audio = audio.gpu()
        return log_mel(audio) if case.features == "log_mel" else audio, index, place * job.step

    made = pipeline()
    made.build()

    def each():
        for _ in range(count // job.batch):
            samples, index, start = made.run()
            yield (
                samples.as_cpu().as_array() if case.device == "cpu" else samples.as_tensor(),
                *map(host, (index, start)),
            )

    return each


def host(values):
    return values.as_cpu().as_array().ravel()


def log_mel(audio):
    """As ``suites/_load_mel.py`` says, by DALI's own operators."""
    from suites._load_mel import FLOOR, HOP_LENGTH, N_FFT, N_MELS

    window = (np.sin(np.pi * np.arange(N_FFT) / N_FFT) ** 2).tolist()
    spectra = fn.spectrogram(
        audio,
        nfft=N_FFT,
        window_length=N_FFT,
        window_step=HOP_LENGTH,
        window_fn=window,
        reflect_padding=False,
    )
    mel = fn.mel_filter_bank(spectra, sample_rate=16000, nfilter=N_MELS, freq_high=8000.0, normalize=True)
    return math.log10(math.max(mel, FLOOR))
