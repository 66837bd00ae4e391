from bench import impl

KAISER = {"resampling_method": "sinc_interp_kaiser", "beta": 14.769656459379492}  # librosa's and resampy's kaiser_best
BEST = {"lowpass_filter_width": 64, "rolloff": 0.9475937167399596, **KAISER}
FILTERS = {"": {}, "kaiser_best": BEST}


@impl("resample", requires="torchaudio", extra="torch", devices=("cpu", "cuda"), variants=FILTERS)
def torchaudio(case, **filter):
    from torchaudio.transforms import Resample

    from impls._torch import device, op

    return op(case, Resample(case.source_rate, case.target_rate, **filter).to(device(case)))
