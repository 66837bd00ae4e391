from bench import impl


@impl("mel", requires="numpy")
def numpy(case):
    from numpy.fft import rfft

    from impls.mel._numpy import all_ops, blocked

    return {} if case.preset == "kaldi" else all_ops(case, blocked(case, rfft))  # numpy:kaldi does that one
