"""The STFT in PyTorch, for its implementations."""

import torch

from impls._torch import device, op
from suites.stft import samples


def ops(case, how=""):
    window = torch.hann_window(case.n_fft, device=device(case))
    settings = {"n_fft": case.n_fft, "hop_length": case.hop_length, "window": window, "center": case.center}

    def forward(x):
        return torch.stft(x, pad_mode="reflect", return_complex=True, **settings)

    def inverse(spectrum):
        return torch.istft(spectrum, length=samples(case), **settings)

    made = {"forward": op(case, forward, leave=lambda s: s.mT, how=how)}
    # torch.istft refuses a Hann window without padding: its first sample is zero; it looks for such zeros on the host,
    # which no captured graph may
    if case.center and how != "graph":
        made["inverse"] = op(case, inverse, enter=lambda s: s.mT, how=how)
    return made
