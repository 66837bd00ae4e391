"""The front ends of the suite as plans of the C library."""

from functools import partial

import numpy as np
from audiokern import mel, stft

from suites.mel import PRESETS, dct, filterbank, lifter, window


def calls(case, **options):
    """{op: call(x, out)}; ``options`` are those of a plan."""
    p, kaldi = PRESETS[case.preset], case.preset == "kaldi"
    center = "drop_last" if case.preset.startswith("whisper") else not kaldi
    config = stft.Config(p.n_fft, p.hop_length, window(p), center=center, window_first=kaldi)
    emphasis = {"remove_mean": True, "preemphasis": 0.97} if kaldi else {}
    plan = partial(mel.Mel, config, filterbank(p), p.power, frames_first=True, **options, **emphasis)
    cosines = dct(p.n_mels)
    log = {"log": "log10", "floor": p.floor, "shift": p.offset / p.gain, "scale": p.gain}
    log_mel = plan(**log, range=p.decades if np.isfinite(p.decades) else 0)
    if kaldi:
        return {"fbank": log_mel, "mfcc": plan(**log, dct=cosines * lifter()[:, None])}
    columns = cosines.T.astype("f")
    return {
        "mel": plan(),
        "log_mel": log_mel,
        "mfcc": lambda x, out: np.matmul(log_mel(x, None), columns, out=out),
    }
