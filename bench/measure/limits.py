"""This machine's limits: peak FMA rate, and bandwidth at each cache level. Measured once, cached per machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from bench import hardware
from bench.userdata import cache_dir

Limits = dict[str, Any]
SECONDS = 0.15


def limits(machine: str, threads: tuple[int, ...] = (1,)) -> Limits:
    """{"cpu": {"1": {"fma_gflops": float, "isa": str, "bandwidth": [[bytes, read GB/s, copy GB/s], ...]}}}.

    ``machine`` keys the cache. Bandwidth is listed by the working set at which it was measured, smallest
    first: half of each cache level, then main memory. Empty when the C library is not built.
    """
    path = cache_dir() / f"limits-{machine}.json"
    known = kept(path)
    cpu = known.setdefault("cpu", {})
    missing = [t for t in threads if str(t) not in cpu]
    if missing:
        cpu |= {str(count): found for count in missing if (found := _measure(count))}
        keep(path, known)
    return {"cpu": {str(t): cpu[str(t)] for t in threads if str(t) in cpu}}


def _measure(threads: int) -> Limits:
    try:
        import audiokern
    except ImportError:
        return {}
    sizes = working_sets()
    bandwidth = [
        [
            size,
            *(
                audiokern.limits.bandwidth(size, kind=kind, threads=threads, seconds=SECONDS)
                for kind in ("read", "copy")
            ),
        ]
        for size in sizes
    ]
    fma = audiokern.limits.fma(threads=threads, seconds=SECONDS)
    return {"fma_gflops": fma, "isa": audiokern.isa(), "bandwidth": bandwidth}


def working_sets() -> list[int]:
    """Half of each data cache of the first processor, smallest first, and 256 MiB for main memory."""
    sizes = {size // 2 for name, size in hardware.caches().items() if not name.endswith("i")}
    return [*sorted(sizes or {16 << 10, 512 << 10}), 256 << 20]


def kept(path: Path) -> Limits:
    """What :func:`keep` wrote; nothing where there is no such file, or a damaged one, which is measured again."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def keep(path: Path, known: Limits) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.json")  # another process may read it at this moment
        unfinished.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError:
        pass  # a read-only home: measured again next time
