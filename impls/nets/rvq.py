"""Residual vector quantizer as in SoundStream (arXiv 2107.03312, III.C): each stage quantizes what the last one left.

A stage is a codebook of N vectors of D dimensions. In training: the codebooks follow an exponential moving average of
what falls to them (decay .99), start from k-means on the first batch, and vectors that fewer than two inputs fall to
are replaced by inputs of the batch; of each example a random number of stages is used (quantizer dropout), so that one
quantizer serves all bitrates. There are no losses here: who trains adds a commitment loss on what ``forward`` returns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ResidualVectorQuantizer(nn.Module):
    """``n_q`` codebooks of ``N`` vectors of ``D`` dimensions, float32 buffers."""

    codebooks: Tensor
    usage: Tensor
    sums: Tensor
    started: Tensor

    def __init__(self, n_q: int = 8, N: int = 1024, D: int = 64, decay: float = 0.99, threshold: float = 2.0):
        super().__init__()
        self.n_q, self.N, self.D, self.decay, self.threshold = n_q, N, D, decay, threshold
        self.register_buffer("codebooks", torch.randn(n_q, N, D) / D**0.5)
        self.register_buffer("usage", torch.ones(n_q, N), persistent=False)  # moving averages of training
        self.register_buffer("sums", torch.zeros(n_q, N, D), persistent=False)
        self.register_buffer("started", torch.ones(n_q, dtype=torch.bool), persistent=False)

    def encode(self, x: Tensor, n_q: int | None = None) -> Tensor:
        """(B, D, T) -> codes int64 (B, n_q, T): the first ``n_q`` stages [all]."""
        residual, codes = x.transpose(1, 2), []
        for book in self.codebooks[: self._stages(n_q)]:
            codes.append(nearest(residual, book))
            residual = residual - book[codes[-1]]
        return torch.stack(codes, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Codes int (B, n <= n_q, T) -> (B, D, T). Raises ValueError for codes that no codebook has."""
        if codes.ndim != 3 or not 1 <= codes.shape[1] <= self.n_q:
            raise ValueError(f"codes are (batch, 1 to {self.n_q} codebooks, frames), not {tuple(codes.shape)}")
        if codes.numel() and (codes.min() < 0 or codes.max() >= self.N):
            raise ValueError(f"codes go from 0 to {self.N - 1}; these go from {codes.min()} to {codes.max()}")
        return self.sum_of(codes)

    def nearest(self, stage: int, x: Tensor) -> Tensor:
        """(..., D) -> int64 (...): which vectors of a stage are nearest."""
        return nearest(x, self.codebooks[stage])

    def sum_of(self, codes: Tensor) -> Tensor:
        """``decode`` without its checks."""
        picked = [book[stage] for book, stage in zip(self.codebooks, codes.unbind(1), strict=False)]
        return torch.stack(picked).sum(0).transpose(1, 2)

    def forward(self, x: Tensor, n_q: int | None = None) -> tuple[Tensor, Tensor]:
        """(B, D, T) -> quantized (B, D, T), gradients passed straight through, and codes (B, n_q, T).

        In training mode the codebooks learn, and each example uses its first 1 to ``n_q`` stages, drawn at random.
        """
        stages = self._stages(n_q)
        drawn = torch.randint(1, stages + 1, (len(x),), device=x.device)
        used = drawn if self.training else torch.full_like(drawn, stages)
        residual, codes = x.detach().transpose(1, 2), []
        total = torch.zeros_like(residual)
        for stage in range(stages):
            active = used > stage  # (B,)
            if self.training and active.any():
                self._learn(stage, residual[active].reshape(-1, self.D))
            codes.append(nearest(residual, self.codebooks[stage]))
            picked = self.codebooks[stage][codes[-1]] * active[:, None, None]
            residual, total = residual - picked, total + picked
        return x + (total.transpose(1, 2) - x).detach(), torch.stack(codes, 1)

    @torch.no_grad()
    def start(self, x: Tensor, iterations: int = 0) -> None:
        """Fill every codebook with the residuals that come to it of (B, D, T): a random pick, then k-means."""
        residual = x.transpose(1, 2).reshape(-1, self.D)
        for stage in range(self.n_q):
            self._begin(stage, residual, iterations)
            residual = residual - self.codebooks[stage][nearest(residual, self.codebooks[stage])]

    def forget(self) -> None:
        """The next batch in training mode starts every codebook afresh, by k-means."""
        self.started.fill_(False)

    def _stages(self, n_q: int | None) -> int:
        if n_q is not None and not 1 <= n_q <= self.n_q:
            raise ValueError(f"there are 1 to {self.n_q} codebooks, not {n_q}")
        return self.n_q if n_q is None else n_q

    def _begin(self, stage: int, vectors: Tensor, iterations: int) -> None:
        book = pick(vectors, self.N)
        for _ in range(iterations):
            count, total = self._tally(nearest(vectors, book), vectors)
            book = torch.where(count[:, None] > 0, total / count[:, None].clamp(min=1), book)
        count, _ = self._tally(nearest(vectors, book), vectors)
        self.usage[stage] = count.clamp(min=self.threshold)  # what has just begun is not dead yet
        self.codebooks[stage], self.sums[stage] = book, book * self.usage[stage][:, None]
        self.started[stage] = True

    @torch.no_grad()
    def _learn(self, stage: int, vectors: Tensor) -> None:
        """One step of the moving average on vectors (n, D)."""
        if not self.started[stage]:
            self._begin(stage, vectors, iterations=10)
        count, total = self._tally(nearest(vectors, self.codebooks[stage]), vectors)
        self.usage[stage].lerp_(count, 1 - self.decay)
        self.sums[stage].lerp_(total, 1 - self.decay)
        dead = self.usage[stage] < self.threshold
        self.codebooks[stage] = self.sums[stage] / self.usage[stage].clamp(min=1e-5)[:, None]
        if dead.any():
            fresh = pick(vectors, int(dead.sum()))
            self.codebooks[stage, dead] = fresh
            self.usage[stage, dead], self.sums[stage, dead] = self.threshold, fresh * self.threshold

    def _tally(self, codes: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """How many of the vectors (n, D) fall to each code, (N,), and their sums, (N, D)."""
        count = vectors.new_zeros(self.N).index_add_(0, codes, vectors.new_ones(len(codes)))
        return count, vectors.new_zeros(self.N, self.D).index_add_(0, codes, vectors)


def nearest(x: Tensor, book: Tensor) -> Tensor:
    """(..., D), (N, D) -> indices int64 (...) of the vectors at the least Euclidean distance, the first of equals."""
    return (book.square().sum(-1) - 2 * x @ book.T).argmin(-1)


def pick(vectors: Tensor, count: int) -> Tensor:
    """``count`` of the vectors (n, D), drawn at random; with repeats only where there are too few."""
    order = torch.randperm(len(vectors), device=vectors.device)
    return vectors[order.repeat(-(-count // len(vectors)))[:count]]
