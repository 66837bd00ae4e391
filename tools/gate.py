"""reports/reference/gate.{md,json}: how often the interleaved gate cries wolf, and how often it misses one.

``python tools/gate.py --minutes 10 --load none`` measures pairs for that long, adds them to a store and renders the
page again from everything in it; ``--minutes 0`` only renders. The store keeps one line a pair, so that a run may be
cut into as many turns as the machine has time for.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import monotonic

from gate_page import write
from gate_pairs import CALL_MS, KERNELS, append, background, calls_of, measure, read

LOADS = ("none", "busy")
KINDS = (*["same"] * 6, "2%", *["same"] * 6, "3%", *["same"] * 5, "10%")  # what is rare needs many
RUNS = [(kernel, kind) for kind in KINDS for kernel in KERNELS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.0, help="no run is started after so long")
    parser.add_argument("--load", choices=LOADS, default="none", help="none; busy: a process a core")
    parser.add_argument("--store", type=Path, default=Path("results/gate/pairs.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("reports/reference"))
    wish = parser.parse_args()
    wish.store.parent.mkdir(parents=True, exist_ok=True)
    end = monotonic() + 60 * wish.minutes
    seed = 1 + max((line["seed"] for line in read(wish.store) if line["load"] == wish.load), default=-1)
    cases = {name: calls_of(CALL_MS, *kernel) for name, kernel in KERNELS.items()} if wish.minutes else {}
    with background(wish.load):
        while monotonic() < end:
            kernel, kind = RUNS[seed % len(RUNS)]
            append(measure(kernel, cases[kernel], kind, wish.load, seed), wish.store)
            seed += 1
    write(read(wish.store), wish.out)


if __name__ == "__main__":
    main()
