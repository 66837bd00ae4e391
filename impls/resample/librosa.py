from bench import Op, impl


@impl("resample", requires="librosa", extra="dsp", variants={"": {"method": "soxr_hq"}, "fft": {"method": "fft"}})
def librosa(case, method):
    """The default is soxr's HQ; ``fft`` is scipy.signal.resample, one transform of the whole signal."""
    import librosa

    from suites.resample import fit

    run = lambda x: librosa.resample(x, orig_sr=case.source_rate, target_sr=case.target_rate, res_type=method)
    return Op(run, finish=lambda y: fit(y, case))  # it rounds up what floating-point numbers make of the length
