"""CuPy on the device that a case names, and the kernels that its implementations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cupy
import numpy as np

from bench import Op, Unsupported

GATHERED = cupy.ElementwiseKernel(
    "raw float32 audio, raw float32 window, int32 n_fft, int32 hop, int32 frames, int32 offset, int32 length",
    "float32 y",
    """
    const int k = i % n_fft;
    const ptrdiff_t frame = i / n_fft;
    int at = (int)(frame % frames) * hop + k - offset;
    while (at < 0 || at >= length) at = at < 0 ? -at : 2 * (length - 1) - at;
    y = audio[frame / frames * length + at] * window[k];
    """,
    "bench_gathered",
)


def use(case: Any) -> None:
    """Make the case's device the current one. CuPy imports without a driver and fails when first used."""
    try:
        cupy.cuda.Device(int(case.device.partition(":")[2] or 0)).use()
        cupy.zeros(1)
    except Exception as error:  # a class of its own for each library that is missing
        raise Unsupported(f"CuPy finds no CUDA device: {str(error).splitlines()[0][:150]}") from error


def op(
    run: Callable[..., Any],
    enter: Callable[[Any], Any] = lambda x: x,
    leave: Callable[[np.ndarray], np.ndarray] = lambda y: y,
) -> Op:
    """``run`` from arrays on the device to one; ``enter`` (there) and ``leave`` (here) change between layouts."""
    return Op(
        run,
        lambda *arrays: tuple(enter(cupy.asarray(a, order="C")) for a in arrays),
        lambda out: np.ascontiguousarray(leave(cupy.asnumpy(out))),
        stream=lambda: int(cupy.cuda.get_current_stream().ptr),
        allocated=allocated,
    )


def allocated() -> int:
    """What CuPy's pool held at most since last asked, bytes: it grows on demand, and is emptied here."""
    pool = cupy.get_default_memory_pool()
    held = int(pool.total_bytes())
    pool.free_all_blocks()
    return held


def framed(window: Any, hop: int, count: int, offset: int, fused: bool) -> Callable[[Any], Any]:
    """``run(audio)``: ``count`` windowed frames of each row, ``offset`` samples of reflection at either end.

    ``fused``: one kernel gathers and multiplies. Else CuPy pads, takes strided views, and multiplies.
    """
    n = window.size

    def gather(audio: Any) -> Any:
        out = cupy.empty((audio.shape[0], count, n), cupy.float32)
        return GATHERED(audio, window, n, hop, count, offset, audio.shape[1], out)

    def stride(audio: Any) -> Any:
        padded = cupy.pad(audio, ((0, 0), (offset, offset)), mode="reflect") if offset else audio
        return cupy.lib.stride_tricks.sliding_window_view(padded, n, axis=1)[:, ::hop][:, :count] * window

    return gather if fused else stride
