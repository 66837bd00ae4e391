"""Binary spherical quantization (Zhao, Xiong, Krahenbuhl, arXiv 2406.07548): the corners of a cube on the unit sphere.

A vector of L numbers is put on the unit sphere and each number becomes its sign over the square root of L: 2^L points,
none of them stored. The bits are the index.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BinarySphericalQuantizer(nn.Module):
    """No parameters: float (..., L) -> quantized (..., L), gradients passed straight through, and bits (..., L)."""

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        u = F.normalize(z, dim=-1)
        bits = u > 0  # zero counts as negative, as in vector-quantize-pytorch
        return u + (self.decode(bits, z.dtype) - u).detach(), bits

    def decode(self, bits: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Bits (..., L), bool or 0 and 1 -> points of the unit sphere (..., L)."""
        return (2 * bits.to(dtype) - 1) / bits.shape[-1] ** 0.5


def index_of(bits: Tensor) -> Tensor:
    """Bits (..., L <= 62) -> int64 (...), the first bit the most significant."""
    return (bits.long() << places(bits.shape[-1], bits.device)).sum(-1)


def bits_of(index: Tensor, L: int) -> Tensor:
    """int64 (...) -> bool (..., L). Raises ValueError for what has no L bits."""
    if index.numel() and (index.min() < 0 or index.max() >= 1 << L):
        raise ValueError(f"codes of {L} bits go from 0 to {(1 << L) - 1}; these go from {index.min()} to {index.max()}")
    return (index[..., None] >> places(L, index.device) & 1).bool()


def places(L: int, device: torch.device) -> Tensor:
    return torch.arange(L - 1, -1, -1, device=device)
