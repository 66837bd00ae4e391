"""Mel front ends in PyTorch, for their implementations."""

import torch

from bench import Unsupported
from impls._torch import device, op
from suites.mel import PRESETS, dct, filterbank, frames


def ops(case, how=""):
    if case.preset == "kaldi":
        raise Unsupported("torch has no Kaldi front end; see torchaudio:kaldi")
    p, place = PRESETS[case.preset], device(case)
    taper = torch.hann_window(p.n_fft, device=place)
    bank, cosines = (torch.from_numpy(a.T).float().contiguous().to(place) for a in (filterbank(p), dct(p.n_mels)))

    def mel(x):
        stft = torch.stft(x, p.n_fft, p.hop_length, window=taper, pad_mode="reflect", return_complex=True)
        stft = stft[..., : frames(case)].mT
        return (stft.abs() if p.power == 1 else stft.real.square() + stft.imag.square()) @ bank

    def log_mel(x):
        decades = mel(x).clamp_(p.floor).log10_()
        return torch.maximum(decades, decades.amax((1, 2), keepdim=True) - p.decades).mul_(p.gain).add_(p.offset)

    calls = {"mel": mel, "log_mel": log_mel, "mfcc": lambda x: log_mel(x) @ cosines}
    return {name: op(case, run, how=how) for name, run in calls.items()}
