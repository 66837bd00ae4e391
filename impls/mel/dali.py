from bench import Unsupported, impl


@impl("mel", requires="nvidia.dali", extra="dali", devices=("cpu", "cuda"))
def dali(case):
    from nvidia.dali import fn, math

    from impls._dali import op, pipeline, rows
    from suites.mel import N_MFCC, PRESETS, frames, window

    if case.preset == "kaldi":
        raise Unsupported("DALI has no Kaldi front end")
    p, ops = PRESETS[case.preset], {}  # DALI's own Hann window is sampled between the points
    stft = {"nfft": p.n_fft, "window_length": p.n_fft, "window_step": p.hop_length, "window_fn": list(window(p))}
    bank = {"nfilter": p.n_mels, "freq_high": p.f_max, "mel_formula": p.scale, "normalize": p.scale == "slaney"}
    for name in ("mel", "log_mel", "mfcc"):
        with pipeline(case) as pipe:
            y = fn.spectrogram(rows(case), power=p.power, **stft)[:, : frames(case)]
            y = fn.mel_filter_bank(y, sample_rate=p.sample_rate, **bank)
            if name != "mel":
                y = math.log10(math.max(y, p.floor))
                y = math.max(y, fn.reductions.max(y) - p.decades) * p.gain + p.offset
            pipe.set_outputs(fn.mfcc(y, n_mfcc=N_MFCC, normalize=True) if name == "mfcc" else y)
        ops[name] = op(case, pipe, lambda y: y.swapaxes(1, 2))
    return ops
