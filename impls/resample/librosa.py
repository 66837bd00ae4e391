from bench import impl


@impl("resample", requires="librosa", extra="dsp", variants={"": {"method": "soxr_hq"}, "fft": {"method": "fft"}})
def librosa(case, method):
    """The default is soxr's HQ; ``fft`` is scipy.signal.resample, one transform of the whole signal."""
    import librosa

    return lambda x: librosa.resample(x, orig_sr=case.source_rate, target_sr=case.target_rate, res_type=method)
