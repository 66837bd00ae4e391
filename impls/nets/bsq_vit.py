"""BSQ-ViT (Zhao, Xiong, Krahenbuhl, arXiv 2406.07548) for audio: a log-mel spectrogram as a picture.

As published for pictures of 256 x 256 (b18: patches of 8, 12 blocks of width 768 on either side, 12 heads, MLP of 3072,
tanh head of 3072, L = 18): pre-norm blocks, learned positions, layer norm before and after, and a linear layer to L
bits on the unit sphere. For audio: 128 mels x 1024 frames of 10 ms, one channel, patches whose two sizes stand apart,
and, after the attention of each block of the encoder, the decoder or both, the Conformer's convolution over time.

A picture of 1024 frames is 64 x 8 = 512 tokens for 10.24 s: with L = 9, 18, 36 that is 450, 900, 1800 bit/s.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impls.nets.bsq import BinarySphericalQuantizer
from impls.nets.conformer import ConvolutionModule

WHERE = ("none", "encoder", "decoder", "both")


class Attention(nn.Module):
    """(B, N, width) -> the same, every token to every token."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        )  # 3 x (B, heads, N, width / heads)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


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
        x = x + self.attention(self.ln_1(x).flatten(1, 2)).view_as(x)
        if self.convolution is not None:
            bands = x.transpose(1, 2)  # (B, F, T, width): each band of frequency is a sequence in time
            x = x + self.convolution(bands.flatten(0, 1)).view_as(bands).transpose(1, 2)
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    """(B, T, F, width) -> the same, for up to ``T`` steps in time: a shorter picture takes the first positions."""

    def __init__(self, T: int, F: int, width: int, layers: int, heads: int, mlp_ratio: float, kernel_size: int):
        super().__init__()
        self.positions = nn.Parameter(torch.empty(T, F, width))
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(width, heads, mlp_ratio, kernel_size) for _ in range(layers)))

    def forward(self, x: Tensor) -> Tensor:
        return self.ln_post(self.blocks(self.ln_pre(x + self.positions[: x.shape[1]])))


class BSQViT(nn.Module):
    """Log-mel spectrogram, float (B, n_mels, frames), about zero mean and unit variance <-> bits bool (B, tokens, L).

    Tokens are in order of time, ``n_mels / patch_mels`` for each ``patch_frames`` frames. ``frames`` is a multiple of
    ``patch_frames`` up to ``n_frames``. ``conformer`` is one of WHERE.
    """

    def __init__(
        self, n_mels: int = 128, n_frames: int = 1024, patch_mels: int = 16, patch_frames: int = 16, width: int = 768,
        layers: int = 12, heads: int = 12, mlp_ratio: float = 4.0, L: int = 18, conformer: str = "none",
        kernel_size: int = 31, ffn_output: int = 3072,
    ):  # fmt: skip
        super().__init__()
        if n_mels % patch_mels or n_frames % patch_frames:
            raise ValueError(f"patches of {patch_mels} x {patch_frames} do not fill {n_mels} mels x {n_frames} frames")
        if conformer not in WHERE:
            raise ValueError(f"the Conformer's convolution is in one of {', '.join(WHERE)}, not {conformer!r}")
        self.n_mels, self.n_frames, self.patch, self.L = n_mels, n_frames, (patch_mels, patch_frames), L
        grid, patch = (n_frames // patch_frames, n_mels // patch_mels), patch_mels * patch_frames
        made = [
            Transformer(*grid, width, layers, heads, mlp_ratio, kernel_size if conformer in (side, "both") else 0)
            for side in ("encoder", "decoder")
        ]
        self.patch_embed, self.encoder = nn.Linear(patch, width, bias=False), made[0]
        self.quant_embed, self.quantizer = nn.Linear(width, L), BinarySphericalQuantizer()
        self.post_quant_embed, self.decoder = nn.Linear(L, width), made[1]
        self.head = nn.Sequential(nn.Linear(width, ffn_output), nn.Tanh(), nn.Linear(ffn_output, patch))
        self.apply(_initialise)

    @property
    def bands(self) -> int:
        """Tokens for each step in time."""
        return self.n_mels // self.patch[0]

    def forward(self, mel: Tensor) -> Tensor:
        """Spectrogram -> spectrogram, gradients passed straight through the quantizer."""
        return self.picture(self.quantizer(self.embed(mel))[0])

    def encode(self, mel: Tensor) -> Tensor:
        return self.quantizer(self.embed(mel))[1]

    def decode(self, bits: Tensor) -> Tensor:
        """Bits (B, tokens, L) -> (B, n_mels, frames). Raises ValueError for another number of bits or tokens."""
        if bits.ndim != 3 or bits.shape[2] != self.L or bits.shape[1] % self.bands:
            raise ValueError(f"bits are (batch, a multiple of {self.bands} tokens, {self.L}), not {tuple(bits.shape)}")
        return self.picture(self.quantizer.decode(bits, self.quant_embed.weight.dtype))

    def embed(self, mel: Tensor) -> Tensor:
        """(B, n_mels, frames) -> (B, T, F, patch) -> (B, T, F, width) -> (B, tokens, L)."""
        if mel.ndim != 3 or mel.shape[1] != self.n_mels or mel.shape[2] % self.patch[1] or not mel.shape[2]:
            raise ValueError(
                f"a spectrogram is (batch, {self.n_mels}, a multiple of {self.patch[1]} frames), not {tuple(mel.shape)}"
            )
        if mel.shape[2] > self.n_frames:
            raise ValueError(f"{mel.shape[2]} frames at once; there are positions for {self.n_frames}: cut into chunks")
        pieces = mel.unflatten(1, (-1, self.patch[0])).unflatten(3, (-1, self.patch[1]))  # (B, F, mels, T, frames)
        return self.quant_embed(self.encoder(self.patch_embed(pieces.permute(0, 3, 1, 2, 4).flatten(3)))).flatten(1, 2)

    def picture(self, quantized: Tensor) -> Tensor:
        """(B, tokens, L) -> (B, T, F, width) -> (B, T, F, patch) -> (B, n_mels, frames)."""
        x = self.head(self.decoder(self.post_quant_embed(quantized).unflatten(1, (-1, self.bands))))
        return x.unflatten(3, self.patch).permute(0, 2, 3, 1, 4).flatten(3).flatten(1, 2)


def _initialise(module: nn.Module) -> None:
    """As published: normal with a standard deviation of .02, cut at 2 (absolute), no bias."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, Transformer):
        nn.init.normal_(module.positions, std=0.02)
