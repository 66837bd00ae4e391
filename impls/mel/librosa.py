from bench import Op, Unsupported, impl


@impl("mel", requires="librosa", extra="dsp")
def librosa(case):
    import numpy as np
    from librosa import feature, filters, power_to_db, stft

    from suites.mel import N_MFCC, PRESETS, frames

    if case.preset == "kaldi":
        raise Unsupported("librosa has no Kaldi front end")
    p, scale = PRESETS[case.preset], {"htk": True, "norm": None} if case.preset == "bsqvit" else {}
    basis = filters.mel(sr=p.sample_rate, n_fft=p.n_fft, n_mels=p.n_mels, fmax=p.f_max, **scale)

    def mel(x):  # feature.melspectrogram, but for the basis that it makes anew in each call
        spectrum = stft(x, n_fft=p.n_fft, hop_length=p.hop_length, pad_mode="reflect")
        return basis @ np.abs(spectrum[..., : frames(case)]) ** p.power

    def log_mel(x):
        decibels = np.stack([power_to_db(row, amin=p.floor, top_db=10 * p.decades) for row in mel(x)])
        return decibels * (p.gain / 10) + p.offset if p.gain != 10 else decibels

    ops = {"mel": mel, "log_mel": log_mel, "mfcc": lambda x: feature.mfcc(S=log_mel(x), n_mfcc=N_MFCC)}
    return {op: Op(run, finish=lambda y: y.swapaxes(1, 2)) for op, run in ops.items()}
