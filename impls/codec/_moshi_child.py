"""Mimi as Kyutai's own package streams it. Run by the interpreter of $BENCH_MOSHI_PYTHON, never imported.

``_moshi_child.py CODEBOOKS SEED THREADS [WEIGHTS]`` says ``{"version", "parameters"}`` and then answers requests, each
a line ``{"do": "encode" | "decode" | "fresh" | "feed", "shape": [...]}`` and its array as raw bytes: float32 audio
(1, 1, samples) or int64 codes (1, codebooks, frames). An answer is a line ``{"shape": [...]}`` and its array, or
``{"error": text}``. ``fresh`` begins a stream; ``feed`` gives the decoded frame of a frame. ``encode`` and ``decode``
know nothing of a stream, and it nothing of them.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import torch
from moshi import __version__
from moshi.models.loaders import get_mimi


def model(codebooks: int, seed: int, weights: str) -> Any:
    torch.manual_seed(seed)
    made = get_mimi(weights or None, num_codebooks=codebooks)
    if not weights:
        seed_codebooks(made)
    return made


@torch.no_grad()
def seed_codebooks(made: Any) -> None:
    """Means of two residuals each, as in ``_seeding.py``: fresh codebooks are all zero, and every index the same."""
    time = torch.arange(5 * 24000) / 24000
    sound = 0.3 * torch.sin(2 * torch.pi * (100 + 300 * time) * time) + 0.1 * torch.randn(len(time)) * time / 5
    latents = made.encode_to_latent(sound[None, None], quantize=False)
    for part in (made.quantizer.rvq_first, made.quantizer.rvq_rest):
        residual = part.input_proj(latents)
        for layer in part.vq.layers:
            vectors, book = residual.transpose(1, 2).flatten(0, 1), layer._codebook
            pairs = torch.randint(len(vectors), (2, len(book.embedding_sum)))
            book.embedding_sum.copy_((vectors[pairs[0]] + vectors[pairs[1]]) / 2)
            book.cluster_usage.fill_(1)
            book._embedding = None
            residual = residual - layer.decode(layer.encode(residual))


def main(codebooks: str, seed: str, threads: str, weights: str = "") -> None:
    torch.set_num_threads(int(threads))
    mimi, context = model(int(codebooks), int(seed), weights), None
    codewords = sum(b.numel() for n, b in mimi.named_buffers() if n.endswith("embedding_sum"))
    say({"version": __version__, "parameters": sum(p.numel() for p in mimi.parameters()) + codewords})
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        kind = np.int64 if request["do"] == "decode" else np.float32
        data = sys.stdin.buffer.read(int(np.prod(request["shape"])) * np.dtype(kind).itemsize)
        x = torch.from_numpy(np.frombuffer(data, kind).reshape(request["shape"]).copy())
        try:
            with torch.inference_mode():
                if request["do"] == "fresh":
                    if context is not None:
                        context.__exit__(None, None, None)
                    context = mimi.streaming(1)
                    context.__enter__()
                    out = x
                elif request["do"] == "feed":
                    out = mimi.decode(mimi.encode(x))
                else:
                    out = whole(mimi, mimi.encode if request["do"] == "encode" else mimi.decode, x)
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}".split("\n")[0]})
            continue
        answer = np.ascontiguousarray(out.numpy())
        say({"shape": answer.shape}, answer.tobytes())


def whole(mimi: Any, do: Any, x: Any) -> Any:
    """``do(x)`` apart from a stream that may be going on: its state is in the modules themselves."""
    state = mimi.get_streaming_state()
    mimi.set_streaming_state(dict.fromkeys(state))
    try:
        return do(x)
    finally:
        mimi.set_streaming_state(state)


def say(head: dict[str, Any], data: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
