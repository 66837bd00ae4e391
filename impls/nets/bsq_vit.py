"""BSQ-ViT (Zhao, Xiong, Krahenbuhl, arXiv 2406.07548) for audio: a log-mel spectrogram as a picture.

As published for pictures of 256 x 256 (b18: patches of 8, 12 blocks of width 768 on either side, 12 heads, MLP of 3072,
tanh head of 3072, L = 18): pre-norm blocks, learned positions, layer norm before and after, and a linear layer to L
bits on the unit sphere. For audio: 128 mels x 1024 frames of 10 ms, one channel, patches whose two sizes stand apart,
and, after the attention of each block of the encoder, the decoder or both, the Conformer's convolution over time.

A picture of 1024 frames is 64 x 8 = 512 tokens for 10.24 s: with L = 9, 18, 36 that is 450, 900, 1800 bit/s.

Between encoder and decoder everything is (B, F L, T): L bits of each of the F tokens (low frequencies first) of each of
the T steps in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impls.nets.bsq import BinarySphericalQuantizer
from impls.nets.conformer import ConvolutionModule

WHERE = ("none", "encoder", "decoder", "both")


@dataclass(frozen=True)
class Grid:
    """How a picture is cut: mels and frames of the whole and of a patch."""

    n_mels: int = 128
    n_frames: int = 1024
    patch_mels: int = 16
    patch_frames: int = 16

    def __post_init__(self) -> None:
        if self.n_mels % self.patch_mels or self.n_frames % self.patch_frames:
            patch, whole = f"{self.patch_mels} x {self.patch_frames}", f"{self.n_mels} mels x {self.n_frames} frames"
            raise ValueError(f"patches of {patch} do not fill {whole}")

    @property
    def F(self) -> int:
        return self.n_mels // self.patch_mels

    @property
    def T(self) -> int:
        return self.n_frames // self.patch_frames

    @property
    def patch(self) -> int:
        return self.patch_mels * self.patch_frames


class Attention(nn.Module):
    """(B, N, width) -> the same, every token to every token."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        B, N, width = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind()  # (B, heads, N, d)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(B, N, width))


class Block(nn.Module):
    """(B, T, F, width) -> the same: attention, the Conformer's convolution where ``kernel_size`` is not 0, MLP."""

    def __init__(self, width: int, heads: int, mlp_ratio: float, kernel_size: int):
        super().__init__()
        self.ln_1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.convolution = ConvolutionModule(width, kernel_size) if kernel_size else None
        hidden = round(width * mlp_ratio)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        B, T, bands, width = x.shape
        x = x + self.attention(self.ln_1(x).reshape(B, T * bands, width)).reshape(x.shape)
        if self.convolution is not None:  # each band of frequency is a sequence in time
            y = self.convolution(x.transpose(1, 2).reshape(B * bands, T, width))
            x = x + y.reshape(B, bands, T, width).transpose(1, 2)
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    """(B, T, F, width) -> the same; a picture that is shorter than the grid takes the first positions."""

    def __init__(self, grid: Grid, width: int, layers: int, heads: int, mlp_ratio: float, kernel_size: int):
        super().__init__()
        self.positions = nn.Parameter(torch.empty(grid.T, grid.F, width))
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(width, heads, mlp_ratio, kernel_size) for _ in range(layers)))

    def forward(self, x: Tensor) -> Tensor:
        return self.ln_post(self.blocks(self.ln_pre(x + self.positions[: x.shape[1]])))


class Encoder(nn.Module):
    """Spectrogram (B, n_mels, frames) -> patches (B, T, F, patch) -> (B, T, F, width) -> (B, F L, T)."""

    def __init__(self, grid: Grid, width: int, L: int, **blocks: float):
        super().__init__()
        self.grid = grid
        self.patch_embed = nn.Linear(grid.patch, width, bias=False)
        self.transformer = Transformer(grid, width, **blocks)
        self.quant_embed = nn.Linear(width, L)

    def forward(self, mel: Tensor) -> Tensor:
        g = self.grid
        pieces = mel.reshape(mel.shape[0], g.F, g.patch_mels, mel.shape[2] // g.patch_frames, g.patch_frames)
        x = pieces.permute(0, 3, 1, 2, 4).reshape(mel.shape[0], -1, g.F, g.patch)
        x = self.quant_embed(self.transformer(self.patch_embed(x)))
        return x.reshape(x.shape[0], -1, g.F * x.shape[3]).transpose(1, 2)


class Decoder(nn.Module):
    """Points of the sphere (B, F L, T) -> (B, T, F, width) -> patches (B, T, F, patch) -> (B, n_mels, frames)."""

    def __init__(self, grid: Grid, width: int, L: int, ffn_output: int, **blocks: float):
        super().__init__()
        self.grid, self.L = grid, L
        self.post_quant_embed = nn.Linear(L, width)
        self.transformer = Transformer(grid, width, **blocks)
        self.head = nn.Sequential(nn.Linear(width, ffn_output), nn.Tanh(), nn.Linear(ffn_output, grid.patch))

    def forward(self, quantized: Tensor) -> Tensor:
        g, (B, _, T) = self.grid, quantized.shape
        x = quantized.transpose(1, 2).reshape(B, T, g.F, self.L)
        x = self.head(self.transformer(self.post_quant_embed(x)))
        x = x.reshape(B, T, g.F, g.patch_mels, g.patch_frames).permute(0, 2, 3, 1, 4)  # (B, F, mels, T, frames)
        return x.reshape(B, g.n_mels, T * g.patch_frames)


class BSQViT(nn.Module):
    """Log-mel spectrogram, float (B, n_mels, frames), about zero mean and unit variance <-> bits bool (B, F L, T).

    ``frames`` is a multiple of ``patch_frames`` up to ``n_frames``. ``conformer``, one of WHERE, says which sides have
    the Conformer's convolution. Wrong shapes raise ValueError.
    """

    def __init__(
        self,
        grid: Grid = Grid(),
        width: int = 768,
        layers: int = 12,
        heads: int = 12,
        mlp_ratio: float = 4.0,
        L: int = 18,
        conformer: str = "none",
        kernel_size: int = 31,
        ffn_output: int = 3072,
    ):
        super().__init__()
        if conformer not in WHERE:
            raise ValueError(f"the Conformer's convolution is in one of {', '.join(WHERE)}, not {conformer!r}")
        blocks = {"layers": layers, "heads": heads, "mlp_ratio": mlp_ratio}
        kernel = {side: kernel_size if conformer in (side, "both") else 0 for side in ("encoder", "decoder")}
        self.grid, self.L = grid, L
        self.encoder = Encoder(grid, width, L, kernel_size=kernel["encoder"], **blocks)
        self.quantizer = BinarySphericalQuantizer()
        self.decoder = Decoder(grid, width, L, ffn_output, kernel_size=kernel["decoder"], **blocks)
        self.apply(_initialise)

    def forward(self, mel: Tensor) -> Tensor:
        """Spectrogram -> spectrogram, gradients passed straight through the quantizer."""
        z = self.encoder(self._fitting(mel)).unflatten(1, (-1, self.L)).movedim(2, -1)  # (B, F, T, L)
        return self.decoder(self.quantizer(z)[0].movedim(-1, 2).flatten(1, 2))

    def encode(self, mel: Tensor) -> Tensor:
        return self.encoder(self._fitting(mel)) > 0

    def decode(self, bits: Tensor) -> Tensor:
        if bits.ndim != 3 or bits.shape[1] != self.grid.F * self.L or not 1 <= bits.shape[2] <= self.grid.T:
            wanted = f"{self.grid.F * self.L}, 1 to {self.grid.T} steps in time"
            raise ValueError(f"bits are (batch, {wanted}), not {tuple(bits.shape)}")
        return self.decoder(self.points(bits))

    def points(self, bits: Tensor) -> Tensor:
        """Bits (B, F L, T), bool or 0 and 1 -> the points of the sphere that they stand for."""
        return (2 * bits.float() - 1) / self.L**0.5

    def _fitting(self, mel: Tensor) -> Tensor:
        g = self.grid
        if mel.ndim != 3 or mel.shape[1] != g.n_mels or mel.shape[2] % g.patch_frames or not mel.shape[2]:
            wanted = f"{g.n_mels}, a multiple of {g.patch_frames} frames"
            raise ValueError(f"a spectrogram is (batch, {wanted}), not {tuple(mel.shape)}")
        if mel.shape[2] > g.n_frames:
            raise ValueError(f"{mel.shape[2]} frames at once; there are positions for {g.n_frames}: cut into chunks")
        return mel


def _initialise(module: nn.Module) -> None:
    """As published: normal with a standard deviation of .02 (their cut at 2 is never reached), no bias."""
    if next(module.parameters(), nn.Parameter()).is_meta:  # only its shapes are wanted
        return
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, Transformer):
        nn.init.normal_(module.positions, std=0.02)
