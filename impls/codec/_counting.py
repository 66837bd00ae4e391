"""Multiply-accumulates of a network, counted while it runs on a second of sound."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from impls.codec._neural import Network


def macs_per_second(network: Network) -> float:
    """MACs of encoder, quantizer and decoder for a second of sound: matrix products and convolutions.

    PyTorch counts two FLOPs for one. An LSTM, which its counter does not see as products, counts
    4 h (in + h) a step and layer; attention, which it does not see on the CPU when fused, is run as the products that
    it is, and distances to codewords count as those that they are made of. Activations, norms and look-ups are left
    out, as usual.
    """
    recurrent: list[float] = []

    def steps(module: nn.LSTM, inputs: tuple[torch.Tensor, ...], _: object) -> None:
        vectors = inputs[0].numel() / inputs[0].shape[-1]
        for name, weight in module.named_parameters():
            if name.startswith("weight"):
                recurrent.append(vectors * weight.numel())

    roots = [m for m in (network.encoder, network.decoder) if isinstance(m, nn.Module)]
    lstms = {id(m): m for root in roots for m in root.modules() if isinstance(m, nn.LSTM)}
    hooks = [m.register_forward_hook(steps) for m in lstms.values()]
    frames = max(1, round(network.rate / network.hop))
    cdist = (torch.ops.aten._cdist_forward, torch.ops.aten._euclidean_dist)  # of few vectors, of many
    counter = FlopCounterMode(display=False, custom_mapping=dict.fromkeys(cdist, _distances))
    try:
        with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), counter:
            sound = torch.zeros(1, network.channels, frames * network.hop, device=network.device)
            network.decoder(network.dequantize(network.quantize(network.encoder(sound))))
    finally:
        for hook in hooks:
            hook.remove()
    seen = sum(n for op, n in counter.get_flop_counts().get("Global", {}).items() if "lstm" not in str(op))
    return (seen / 2 + sum(recurrent)) * network.rate / (frames * network.hop)


def _distances(x: Any, y: Any, *_: Any, **__: Any) -> int:
    """FLOPs of torch.cdist of shapes (..., P, M) and (..., R, M): those of the product of one with the other."""
    return 2 * math.prod(x) * y[-2]
