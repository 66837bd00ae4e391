from bench import impl


@impl("mel", requires="torchaudio", extra="torch", devices=("cpu", "cuda"))
def torchaudio(case):
    from torchaudio.transforms import MFCC, AmplitudeToDB, MelSpectrogram

    from impls._torch import device, op
    from suites.mel import N_MFCC, PRESETS, frames

    if case.preset == "kaldi":
        return {}  # torchaudio:kaldi
    p, to_db = PRESETS[case.preset], AmplitudeToDB("power", top_db=80)  # its maximum is over channels: make it one
    sizes = {"n_fft": p.n_fft, "hop_length": p.hop_length, "n_mels": p.n_mels, "f_max": p.f_max}
    slaney = {"norm": "slaney", "mel_scale": "slaney"} if p.scale == "slaney" else {}
    transform = MelSpectrogram(p.sample_rate, power=p.power, **sizes, **slaney).to(device(case))
    logarithms = {"tts": lambda y: y.clamp_(p.floor).log_(), "bsqvit": to_db, "power1024x80": AmplitudeToDB("power")}
    log = logarithms.get(case.preset, lambda y: to_db(y).div_(40).add_(1))
    ops = {"mel": lambda x: transform(x)[..., : frames(case)]}
    ops["log_mel"] = lambda x: log(ops["mel"](x))
    if case.preset == "bsqvit":
        ops["mfcc"] = MFCC(p.sample_rate, N_MFCC, log_mels=False, melkwargs=sizes).to(device(case))
    return {name: op(case, f, lambda x: x[:, None], lambda y: y[:, 0].mT) for name, f in ops.items()}
