"""Audio BSQ-ViT of impls/nets/ as a codec: pictures of 10.24 s, a packet for each column of patches, Griffin-Lim.

Long sound is cut into pictures of 1024 frames, each on its own for the transformers; the spectrogram before them and
the vocoder after them know of no cut. A shorter picture at the end is filled with silence to whole patches.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from bench import Codec
from impls.codec._neural import Network, books, codec
from impls.codec._seeding import seeded
from impls.codec._weights import loaded
from impls.nets.bsq_vit import BSQViT, Grid
from impls.nets.griffin_lim import LogMel

RATE, HOP_LENGTH = 16000, 160
WIDTHS = (9, 18, 36)  # L: bits of a token


class Pictures(nn.Module):
    """Audio (B, 1, samples) -> (B, F L, T). ``core`` is what is learned, and what variants change."""

    def __init__(self, mel: LogMel, core: nn.Module, grid: Grid):
        super().__init__()
        self.mel, self.core, self.grid = mel, core, grid

    def with_core(self, core: nn.Module) -> Pictures:
        return Pictures(self.mel, core, self.grid)

    def forward(self, audio: Tensor) -> Tensor:
        frames, step = audio.shape[2] // self.mel.hop_length, self.grid.n_frames
        pieces = [self.mel(audio[:, 0], at, min(step, frames - at)) for at in range(0, frames, step)]
        return torch.cat([self.core(piece) for piece in pieces], 2)


class Vocoder(nn.Module):
    """Points of the sphere (B, F L, T) -> audio (B, 1, samples), picture by picture, the phases going on."""

    def __init__(self, mel: LogMel, core: nn.Module, grid: Grid):
        super().__init__()
        self.mel, self.core, self.grid = mel, core, grid

    def with_core(self, core: nn.Module) -> Vocoder:
        return Vocoder(self.mel, core, self.grid)

    def forward(self, points: Tensor) -> Tensor:
        before, parts = None, []
        for at in range(0, points.shape[2], self.grid.T):
            picture = self.core(points[..., at : at + self.grid.T])
            audio, before = self.mel.vocode(picture, before, last=at + self.grid.T >= points.shape[2])
            parts.append(audio)
        return torch.cat(parts, 1)[:, None]


def bsq_vit(case: Any, how: str, **changes: Any) -> Codec:
    """BSQ-ViT for a case; ``changes`` are other hyper-parameters than the published ones."""
    grid = changes.get("grid", Grid())
    tokens = grid.F * RATE / (HOP_LENGTH * grid.patch_frames)  # a second: 50
    L = books(case, "BSQ-ViT", WIDTHS, tokens)
    with seeded(case.seed):
        model = BSQViT(L=L, **changes).eval()
        if case.weights:
            loaded(model, case.weights)
    model.to(case.device).requires_grad_(False)
    mel = LogMel(RATE, hop_length=HOP_LENGTH, n_mels=grid.n_mels).to(case.device)
    network = Network(
        Pictures(mel, model.encoder, grid),
        Vocoder(mel, model.decoder, grid),
        lambda latents: (latents > 0).long(),
        model.points,
        RATE,
        HOP_LENGTH * grid.patch_frames,
        [2] * (grid.F * L),  # the bits are the indices
        delay=HOP_LENGTH * (grid.n_frames + mel.overlap - 1) + mel.n_fft // 2,
        random_weights=not case.weights,
        device=case.device,
    )
    macs = macs_per_second(**{"grid": grid, "L": L, **changes})
    # what is held back is not late in what is decoded; no gradients: they would have to pass through 32 iterations of
    # a search for phases
    return codec(case, network, how, macs=macs, frame=network.delay, differentiable=None)


def macs_per_second(grid: Grid, **changes: Any) -> float:
    """Multiply-accumulates of the transformers for a second of a whole picture, both ways, attention included.

    Counted on the meta device: on the CPU, PyTorch's counter does not see into its fused attention.
    """
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        BSQViT(grid, **changes)(torch.zeros(1, grid.n_mels, grid.n_frames))
    return counter.get_total_flops() / 2 / (grid.n_frames * HOP_LENGTH / RATE)
