"""SoundStream (Zeghidour et al., arXiv 2107.03312): causal convolutional encoder, residual quantizer, mirrored decoder.

Published: C = 32, strides 2, 4, 5, 8, channels that double, three residual units a block with dilations 1, 3, 9 and
kernels 7 and 1, first and last kernels 7 and 3, ELU, no normalisation, 8 codebooks of 1024 at 75 Hz. Not published: D,
the channels between encoder and quantizer, and where exactly the activations stand; here they stand before each
convolution but the first, as in SEANet (arXiv 2009.02095), on which the paper builds. Our count without codebooks is
9.5 M parameters with D = 64 and 11.8 M with D = 512; the paper says 8.4 M.

The look-ahead is what is missing of the current frame, 319 samples, or with the sample itself one frame: 13.3 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impls.nets.causal_conv import CausalConv1d, CausalConvTranspose1d, Chain, Residual
from impls.nets.rvq import ResidualVectorQuantizer

STRIDES = (2, 4, 5, 8)


class ResidualUnit(Residual):
    """(B, N, T) -> the same."""

    def __init__(self, N: int, dilation: int):
        super().__init__(nn.ELU(), CausalConv1d(N, N, 7, dilation=dilation), nn.ELU(), CausalConv1d(N, N, 1))


class EncoderBlock(Chain):
    """(B, N / 2, T) -> (B, N, T / S)."""

    def __init__(self, N: int, S: int):
        units = [ResidualUnit(N // 2, dilation) for dilation in (1, 3, 9)]
        super().__init__(*units, nn.ELU(), CausalConv1d(N // 2, N, 2 * S, stride=S))


class DecoderBlock(Chain):
    """(B, 2 N, T) -> (B, N, T * S)."""

    def __init__(self, N: int, S: int):
        units = [ResidualUnit(N, dilation) for dilation in (1, 3, 9)]
        super().__init__(nn.ELU(), CausalConvTranspose1d(2 * N, N, 2 * S, S), *units)


class Encoder(Chain):
    """(B, 1, T) -> (B, C, T) -> (B, 2C, T/2) -> (B, 4C, T/8) -> (B, 8C, T/40) -> (B, 16C, T/320) -> (B, D, T/320)."""

    def __init__(self, C: int, D: int, strides: tuple[int, ...]):
        blocks = [EncoderBlock(C << (n + 1), S) for n, S in enumerate(strides)]
        super().__init__(CausalConv1d(1, C, 7), *blocks, nn.ELU(), CausalConv1d(C << len(strides), D, 3))


class Decoder(Chain):
    """(B, D, T/320) -> (B, 16C, T/320) -> (B, 8C, T/40) -> (B, 4C, T/8) -> (B, 2C, T/2) -> (B, C, T) -> (B, 1, T)."""

    def __init__(self, C: int, D: int, strides: tuple[int, ...]):
        blocks = [DecoderBlock(C << n, S) for n, S in reversed(list(enumerate(strides)))]
        super().__init__(CausalConv1d(D, C << len(strides), 7), *blocks, nn.ELU(), CausalConv1d(C, 1, 7))


class FiLM(nn.Module):
    """Feature-wise linear modulation, gamma * a + beta, of each channel (III.F); zero weights change nothing."""

    def __init__(self, channels: int):
        super().__init__()
        self.linear = nn.Linear(2, 2 * channels)

    def forward(self, a: Tensor, denoise: bool | Tensor) -> Tensor:
        """(B, channels, T), and whether to denoise: always, or bool (B, T) moment by moment -> (B, channels, T)."""
        wanted = torch.atleast_2d(torch.as_tensor(denoise, device=a.device)).long()
        gamma, beta = self.linear(F.one_hot(wanted, 2).to(a.dtype)).transpose(1, 2).chunk(2, 1)
        return a + gamma * a + beta


@dataclass(frozen=True)
class EncoderState:
    """``pending``: samples (B, 1, fewer than a frame) that wait for the rest of theirs; ``past``: of the layers."""

    pending: Tensor
    past: tuple[Any, ...]


class SoundStream(nn.Module):
    """Audio float (B, 1, samples) at 24 kHz <-> codes int64 (B, n_q, frames), 75 frames a second of ``n_q`` codes.

    ``film``: where "denoise" acts, at the bottleneck of the "encoder" or of the "decoder"; "" for neither.
    """

    sample_rate = 24000

    def __init__(
        self, C: int = 32, D: int = 64, strides: tuple[int, ...] = STRIDES, n_q: int = 8, N: int = 1024, film: str = ""
    ):
        super().__init__()
        if film not in ("", "encoder", "decoder"):
            raise ValueError(f"film stands at the 'encoder', at the 'decoder' or nowhere, not at {film!r}")
        self.hop = prod(strides)
        self.encoder, self.decoder = Encoder(C, D, strides), Decoder(C, D, strides)
        self.quantizer = ResidualVectorQuantizer(n_q, N, D)
        self.side, self.film = film, FiLM(D) if film else None
        for name, parameter in [*self.encoder.named_parameters(), *self.decoder.named_parameters()]:
            if name.endswith("bias"):  # an untrained network then answers the sound, and silence with silence
                nn.init.zeros_(parameter)

    def forward(self, audio: Tensor, n_q: int | None = None, denoise: bool | Tensor = False) -> Tensor:
        """Audio -> decoded audio of whole frames, gradients passed straight through the quantizer."""
        quantized, _ = self.quantizer(self.embed(audio, denoise), n_q)
        return self.decoder(self._modulated("decoder", quantized, denoise))

    def embed(self, audio: Tensor, denoise: bool | Tensor = False) -> Tensor:
        """Audio, filled up with silence to whole frames -> embeddings (B, D, frames)."""
        if audio.ndim != 3 or audio.shape[1] != 1:
            raise ValueError(f"SoundStream takes mono audio, (batch, 1, samples), not {tuple(audio.shape)}")
        if not audio.shape[2]:
            raise ValueError("there is no audio to encode: 0 samples")
        return self._modulated("encoder", self.encoder(self._whole(audio)), denoise)

    def encode(self, audio: Tensor, n_q: int | None = None, denoise: bool | Tensor = False) -> Tensor:
        return self.quantizer.encode(self.embed(audio, denoise), n_q)

    def decode(self, codes: Tensor, denoise: bool | Tensor = False) -> Tensor:
        return self.decoder(self._modulated("decoder", self.quantizer.decode(codes), denoise))

    def initial_encoder(self, batch: int = 1) -> EncoderState:
        past = self.encoder.initial(batch)
        return EncoderState(past[0][:, :, :0], past)

    def initial_decoder(self, batch: int = 1) -> tuple[Any, ...]:
        return self.decoder.initial(batch)

    def encode_step(
        self, audio: Tensor, state: EncoderState, n_q: int | None = None, denoise: bool | Tensor = False
    ) -> tuple[Tensor, EncoderState]:
        """Any number of samples -> the codes of the frames that they complete, perhaps none, and the state."""
        audio = torch.cat([state.pending, audio], -1)
        ready = audio.shape[2] // self.hop * self.hop
        if not ready:
            return self._no_codes(audio, n_q), replace(state, pending=audio)
        embedded, past = self.encoder.step(audio[..., :ready], state.past)
        codes = self.quantizer.encode(self._modulated("encoder", embedded, denoise), n_q)
        return codes, EncoderState(audio[..., ready:], past)

    def encode_flush(self, state: EncoderState, n_q: int | None = None, denoise: bool | Tensor = False) -> Tensor:
        """The codes of the last frame, filled up with silence; of none where no samples wait."""
        if not state.pending.shape[2]:
            return self._no_codes(state.pending, n_q)
        missing = self._whole(state.pending)[..., state.pending.shape[2] :]
        return self.encode_step(missing, state, n_q, denoise)[0]

    def decode_step(
        self, codes: Tensor, state: tuple[Any, ...], denoise: bool | Tensor = False
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Codes of any number of frames -> as many frames of audio, and the state. Nothing is left to flush."""
        if not codes.shape[2]:
            return state[0].new_zeros(len(codes), 1, 0), state
        return self.decoder.step(self._modulated("decoder", self.quantizer.decode(codes), denoise), state)

    def _modulated(self, side: str, a: Tensor, denoise: bool | Tensor) -> Tensor:
        if self.film is None and denoise is not False:
            raise ValueError("this SoundStream was made without film='encoder' or 'decoder': it cannot denoise")
        return self.film(a, denoise) if self.film is not None and side == self.side else a

    def _whole(self, audio: Tensor) -> Tensor:
        return F.pad(audio, (0, -audio.shape[2] % self.hop))

    def _no_codes(self, audio: Tensor, n_q: int | None) -> Tensor:
        return torch.zeros(len(audio), n_q or self.quantizer.n_q, 0, dtype=torch.int64, device=audio.device)
