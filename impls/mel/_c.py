"""The front ends of the suite as plans of the C library."""

import numpy as np
from audiokern import mel, stft

from suites.mel import PRESETS, dct, filterbank, frames, lifter, samples, window


def calls(case, **options):
    """{op: call(x, out)}; ``options`` are those of a plan."""
    p, kaldi, whisper = PRESETS[case.preset], case.preset == "kaldi", case.preset.startswith("whisper")
    config = stft.Config(p.n_fft, p.hop_length, window(p), center=not (kaldi or whisper), window_first=kaldi)
    emphasis = {"remove_mean": True, "preemphasis": 0.97} if kaldi else {}
    end = (frames(case) - 1) * p.hop_length + p.n_fft // 2  # Whisper drops the last frame before it takes the maximum
    widths, cosines = ((0, 0), (p.n_fft // 2, max(0, end - samples(case)))), dct(p.n_mels)

    def plan(**more):
        made = mel.Mel(config, filterbank(p), p.power, frames_first=True, **options, **emphasis, **more)
        return (lambda x, out: made(np.pad(x[:, :end], widths, "reflect"), out)) if whisper else made

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
