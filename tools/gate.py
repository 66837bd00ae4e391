"""reports/reference/gate.{md,json}: how often the interleaved gate cries wolf, and how often it misses one.

``python tools/gate.py --minutes 10 --load none`` measures pairs for that long, adds them to a store and renders the
page again from everything in it; ``--minutes 0`` only renders. The store keeps one line a pair, so that a run may be
cut into as many turns as the machine has time for. Commit first: the sides are the last revision, built, and the
present checkout, as in CI.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import monotonic

from gate_page import write
from gate_pairs import KERNELS, append, background, calls_of, measure, read

from bench.compare import homes

LOADS = ("none", "busy")
PLANTED = [(kernel, kind) for kind in ("2%", "3%", "10%") for kernel in ("computing", "short", "memory")]
SAME = [(kernel, "same") for kernel in ("computing", "short", "memory", "computing", "short")]  # the slowest is rarest
RUNS = [run for planted in PLANTED for run in (*SAME, planted)]  # what is rare, a false alarm, needs many


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
    if wish.minutes:
        cases = {name: calls_of(*kernel) for name, kernel in KERNELS.items()}
        with homes.revision("HEAD") as base, background(wish.load):
            while monotonic() < end:
                kernel, kind = RUNS[seed % len(RUNS)]
                append(measure(kernel, cases[kernel], kind, wish.load, seed, (base, homes.here())), wish.store)
                seed += 1
    write(read(wish.store), wish.out)


if __name__ == "__main__":
    main()
