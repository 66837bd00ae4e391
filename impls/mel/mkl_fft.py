from bench import Unsupported, impl


@impl("mel", requires="mkl_fft", extra="intel")
def mkl_fft(case):
    from mkl_fft import rfft

    from impls.mel._numpy import all_ops, blocked

    if case.preset == "kaldi":
        raise Unsupported("MKL has no Kaldi front end; see numpy:kaldi")
    return all_ops(case, blocked(case, rfft))
