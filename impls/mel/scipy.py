from bench import Unsupported, impl


@impl("mel", requires="scipy")
def scipy(case):
    from scipy.fft import rfft

    from impls.mel._numpy import all_ops, blocked

    if case.preset == "kaldi":
        raise Unsupported("SciPy has no Kaldi front end; see numpy:kaldi")
    return all_ops(case, blocked(case, lambda frames: rfft(frames, overwrite_x=True, workers=case.threads)))
