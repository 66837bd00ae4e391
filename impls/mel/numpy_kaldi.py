from bench import impl


@impl("mel", name="numpy:kaldi", requires="numpy")
def numpy_kaldi(case):
    import numpy as np

    from suites.mel import PRESETS, dct, filterbank, frames, lifter, window

    if case.preset != "kaldi":
        return {}  # numpy
    p, step = PRESETS[case.preset], max(1, 256 // case.batch)  # frames whose spectra stay in cache
    constants = window(p), filterbank(p).T, dct(p.n_mels).T * lifter(), np.array(0.97)
    taper, bank, cosines, emphasis = (a.astype(np.float32) for a in constants)

    def fbank(x):
        views, out = np.lib.stride_tricks.sliding_window_view(x, p.win_length, axis=1)[:, :: p.hop_length], []
        for i in range(0, frames(case), step):
            pieces = views[:, i : i + step] - views[:, i : i + step].mean(axis=2, keepdims=True)
            pieces -= emphasis * np.concatenate([pieces[..., :1], pieces[..., :-1]], axis=2)
            spectrum = np.fft.rfft(pieces * taper, p.n_fft)
            out.append((spectrum.real**2 + spectrum.imag**2) @ bank)
        return np.log(np.maximum(np.concatenate(out, axis=1), p.floor))

    return {"fbank": fbank, "mfcc": lambda x: fbank(x) @ cosines}
