from bench import Op, impl

KAISER = {"resampling_method": "sinc_interp_kaiser", "beta": 14.769656459379492}  # librosa's and resampy's kaiser_best
BEST = {"lowpass_filter_width": 64, "rolloff": 0.9475937167399596, **KAISER}


@impl("resample", requires="torchaudio", extra="torch", variants={"": {}, "kaiser_best": BEST})
def torchaudio(case, **filter):
    import torch
    from torchaudio.transforms import Resample

    return Op(Resample(case.source_rate, case.target_rate, **filter), torch.from_numpy, torch.Tensor.numpy)
