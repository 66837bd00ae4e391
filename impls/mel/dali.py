from bench import Op, Unsupported, impl


@impl("mel", requires="nvidia.dali", extra="dali")
def dali(case):
    from nvidia.dali import Pipeline, fn, math

    from suites.mel import N_MFCC, PRESETS, frames, window

    if case.preset == "kaldi":
        raise Unsupported("DALI has no Kaldi front end")
    p, ops = PRESETS[case.preset], {}  # DALI's own Hann window is sampled between the points
    stft = {"nfft": p.n_fft, "window_length": p.n_fft, "window_step": p.hop_length, "window_fn": list(window(p))}
    bank = {"nfilter": p.n_mels, "freq_high": p.f_max, "mel_formula": p.scale, "normalize": p.scale == "slaney"}
    for op in ("mel", "log_mel", "mfcc"):
        with Pipeline(case.batch, case.threads, device_id=None, prefetch_queue_depth=1) as pipe:
            y = fn.spectrogram(fn.external_source(name="x", no_copy=True), power=p.power, **stft)[:, : frames(case)]
            y = fn.mel_filter_bank(y, sample_rate=p.sample_rate, **bank)
            if op != "mel":
                y = math.log10(math.max(y, p.floor))
                y = math.max(y, fn.reductions.max(y) - p.decades) * p.gain + p.offset
            pipe.set_outputs(fn.mfcc(y, n_mfcc=N_MFCC, normalize=True) if op == "mfcc" else y)
        ops[op] = Op(lambda rows, pipe=pipe: pipe.run(x=rows)[0], list, lambda y: y.as_array().swapaxes(1, 2).copy())
    return ops
