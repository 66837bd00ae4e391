"""Where a worker allocates is drawn, of whatever size and however the heap was left; drawing costs no memory."""

import json
import os
import subprocess
import sys

import pytest

from bench.process import ALLOCATOR

SCRIPT = """
import json, sys
import numpy as np, psutil
from bench import layout

leave, rounds, sizes = json.loads(sys.argv[1])
left = [bytes(n) for n in leave]
del left[::2]
found, kept, used = [], None, []
for _ in range(rounds):
    kept = None
    layout.draw()
    kept = [np.empty(n, np.uint8) for n in sizes]
    found.append([a.ctypes.data for a in kept])
    used.append([psutil.Process().memory_info().rss, psutil.Process().memory_info().vms])
print(json.dumps([found, used]))
"""
LEFT = [[], [90_000] * 20, [3_000_000, 16] * 4]  # holes of so many bytes, between what is kept


def drawn(leave: list[int], rounds: int, *sizes: int) -> tuple[list[list[int]], list[list[int]]]:
    """In a process of its own: the addresses of arrays of ``sizes`` bytes after each draw; its memory after each."""
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([leave, rounds, sizes])],
        env={**os.environ, **ALLOCATOR},
        capture_output=True,
        text=True,
        check=True,
    )
    found, used = json.loads(said.stdout)
    return found, used


@pytest.mark.parametrize("leave", LEFT, ids=["as imported", "small holes", "large holes"])
@pytest.mark.parametrize("sizes", [(1600, 8192), (8192, 2 << 20), (760_000, 3 << 20), (20 << 20, 8192)])
def test_how_two_arrays_lie_to_one_another_is_drawn(leave, sizes):
    """Modulo a page, which decides what collides: of 256 places, 64 draws are expected to hit 57."""
    found, _ = drawn(leave, 64, *sizes)
    assert len({(one - other) % 4096 for one, other in found}) > 40
    assert len({one % 4096 for one, _ in found}) > 40


def test_blocks_that_fit_into_no_hole_are_drawn_as_well():
    """Between blocks that stay lie holes for all that drawing allocates, so that the end of the heap never moves."""
    found, _ = drawn([30 << 20] * 8, 64, 28 << 20)
    assert len({one % 4096 for (one,) in found}) > 40


def test_processes_draw_apart():
    assert len({drawn([], 1, 8192)[0][0][0] % 4096 for _ in range(8)}) >= 7


def test_drawing_again_and_again_takes_no_more_memory():
    _, used = drawn([], 200, 8192, 1 << 20)
    resident, virtual = zip(*used, strict=True)
    assert resident[-1] - resident[20] < 16 << 20
    assert virtual[-1] - virtual[20] < 128 << 20
