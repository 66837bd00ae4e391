"""The convolution module of the Conformer (Gulati et al., arXiv 2005.08100, 2.2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class ConvolutionModule(nn.Module):
    """(B, T, width) -> the same; what is added to the input is the caller's.

    Layer norm, pointwise convolution to twice the width, GLU, depthwise convolution over time, batch norm, SiLU,
    pointwise convolution. ``kernel_size`` is odd: as much is seen of the past as of the future.
    """

    def __init__(self, width: int, kernel_size: int = 31):
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"the kernel of a Conformer's convolution is odd, not {kernel_size}")
        self.norm = nn.LayerNorm(width)
        self.pointwise_in = nn.Linear(width, 2 * width)  # a convolution of one moment is a linear layer
        self.depthwise = nn.Conv1d(width, width, kernel_size, padding="same", groups=width)
        self.batch_norm = nn.BatchNorm1d(width)
        self.pointwise_out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = F.glu(self.pointwise_in(self.norm(x)), -1)
        x = self.batch_norm(self.depthwise(x.transpose(1, 2)))  # (B, width, T)
        return self.pointwise_out(F.silu(x).transpose(1, 2))
