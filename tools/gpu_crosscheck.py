"""The event clock beside Triton's do_bench, in turns, on work of PyTorch: python tools/gpu_crosscheck.py -o FILE.json

Both empty the second-level cache before each call and take CUDA events around it. Work that lasts 50 us or longer must
agree within 3%; what is shorter is shown, for there the resolution of events and the launch count. Exit 0: agreed;
1: did not; 2: nothing to measure with; 3: throttled, so that nothing is said.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

AGREED = 0.03
SHORT_NS = 50_000
ROUNDS = 3
TURN_NS = 200_000_000
Timer = Callable[[Callable[[], Any]], float]


def compare(work: dict[str, Callable[[], Any]], ours: Timer, theirs: Timer) -> list[dict[str, Any]]:
    """A line for each piece of work: medians of ``ROUNDS`` turns of either timer (ns; NaN: throttled), a verdict."""
    found = []
    for name, run in work.items():
        turns = [(ours(run), theirs(run)) for _ in range(ROUNDS)]
        kept = [(a, b) for a, b in turns if a == a]
        line: dict[str, Any] = {"work": name, "turns": len(kept), "turns_throttled": ROUNDS - len(kept)}
        if kept:
            a, b = (median(values) for values in zip(*kept, strict=True))
            line |= {"ours_ns": a, "do_bench_ns": b, "difference": a / b - 1}
        found.append(line | {"verdict": verdict(line)})
    return found


def verdict(line: dict[str, Any]) -> str:
    if not line["turns"]:
        return "throttled"
    if line["do_bench_ns"] < SHORT_NS:
        return "too short to judge"
    return "agreed" if abs(line["difference"]) <= AGREED else "differs"


def status(lines: list[dict[str, Any]]) -> int:
    verdicts = {line["verdict"] for line in lines}
    return 1 if "differs" in verdicts else 3 if "throttled" in verdicts or "agreed" not in verdicts else 0


def table(lines: list[dict[str, Any]]) -> str:
    rows = ["| work | event clock | do_bench | difference | |", "|---|---:|---:|---:|---|"]
    for line in lines:
        figures = (
            f"{line['ours_ns'] / 1e3:.1f} us | {line['do_bench_ns'] / 1e3:.1f} us | {100 * line['difference']:+.1f}%"
            if line["turns"]
            else "– | – | –"
        )
        rows.append(f"| {line['work']} | {figures} | {line['verdict']} |")
    return "\n".join(rows)


def on_gpu() -> list[dict[str, Any]]:
    """Raises ImportError or :class:`bench.measure.gpu.NoGpu`."""
    import torch
    from triton.testing import do_bench

    from bench.measure.event_clock import EventClock
    from bench.measure.gpu import Gpu

    gpu = Gpu(0)
    wide, small = torch.randn(1 << 26, device="cuda"), torch.randn(1 << 16, device="cuda")
    square = torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16)
    minutes, window = torch.randn(1, 600 * 16000, device="cuda"), torch.hann_window(400, device="cuda")
    work = {
        "copy of 256 MiB": wide.clone,
        "sum of 256 MiB": wide.sum,
        "bf16 product of 4096 x 4096": lambda: square @ square,
        "torch.stft of ten minutes": lambda: torch.stft(minutes, 400, 160, window=window, return_complex=True),
        "addition of 64 Ki": lambda: small + 1,
    }

    def ours(run: Callable[[], Any]) -> float:
        clock = EventClock(gpu, stream=lambda: torch.cuda.current_stream().cuda_stream)
        clock.warm_up(run, ())
        samples = clock.turn(run, (), 1, 0.0, TURN_NS, None, 20)
        return median(samples) if samples else float("nan")

    def theirs(run: Callable[[], Any]) -> float:
        return 1e6 * float(do_bench(run, warmup=100, rep=200, return_mode="median"))

    return compare(work, ours, theirs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, help="write the lines as JSON")
    asked = parser.parse_args()
    from bench.measure.gpu import NoGpu

    try:
        lines = on_gpu()
    except (ImportError, NoGpu) as missing:
        print(f"the event clock cannot be cross-checked here: {missing}", file=sys.stderr)
        return 2
    print(table(lines))
    if asked.out:
        asked.out.write_text(json.dumps(lines, indent=1) + "\n")
    return status(lines)


if __name__ == "__main__":
    sys.exit(main())
