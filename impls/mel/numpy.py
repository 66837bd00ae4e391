from bench import impl


@impl("mel", requires="numpy")
def numpy(case):
    import numpy as np

    from suites.mel import PRESETS, dct, filterbank, frames, window

    if case.preset == "kaldi":
        return {}  # numpy:kaldi
    p, step = PRESETS[case.preset], max(1, 256 // case.batch)  # frames whose spectra stay in cache
    taper, bank, cosines = (a.astype(np.float32) for a in (window(p), filterbank(p).T, dct(p.n_mels).T))

    def mel(x):
        x = np.pad(x, ((0, 0), (p.n_fft // 2,) * 2), mode="reflect")
        pieces = np.lib.stride_tricks.sliding_window_view(x, p.n_fft, axis=1)[:, :: p.hop_length][:, : frames(case)]
        blocks = (np.fft.rfft(pieces[:, i : i + step] * taper) for i in range(0, frames(case), step))
        return np.concatenate([(s.real**2 + s.imag**2 if p.power == 2 else np.abs(s)) @ bank for s in blocks], axis=1)

    def log_mel(x):
        decades = np.log10(np.maximum(mel(x), p.floor))
        return np.maximum(decades, decades.max((1, 2), keepdims=True) - p.decades) * p.gain + p.offset

    return {"mel": mel, "log_mel": log_mel, "mfcc": lambda x: log_mel(x) @ cosines}
