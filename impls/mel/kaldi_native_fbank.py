from bench import Unsupported, impl


@impl("mel", requires="kaldi_native_fbank", extra="dsp")
def kaldi_native_fbank(case):
    import kaldi_native_fbank as knf
    import numpy as np

    from suites.mel import N_MFCC, PRESETS

    if case.preset != "kaldi":
        raise Unsupported("kaldi-native-fbank frames and pads as Kaldi does")
    fbank, mfcc = knf.FbankOptions(), knf.MfccOptions()
    mfcc.num_ceps, mfcc.use_energy = N_MFCC, False
    for options in (fbank, mfcc):
        options.frame_opts.dither, options.mel_opts.num_bins = 0.0, PRESETS["kaldi"].n_mels

    def features(computers, x):
        for computer, row in zip(computers, x, strict=True):
            computer.accept_waveform(16000, row)
        return np.array([[c.get_frame(i) for i in range(c.num_frames_ready)] for c in computers])

    made = {"fbank": (knf.OnlineFbank, fbank), "mfcc": (knf.OnlineMfcc, mfcc)}
    return {op: lambda x, m=m, o=o: features([m(o) for _ in x], x) for op, (m, o) in made.items()}
