"""Triangles without their zeros."""

import numpy as np


def bands(filterbank):
    """Triangles as the kernel takes them: first bin (bands,), start in the weights (bands + 1,), weights."""
    low = np.array([np.flatnonzero(row)[0] if row.any() else 0 for row in filterbank], np.int32)
    rows = [np.trim_zeros(row) for row in filterbank]
    return low, np.cumsum([0, *map(len, rows)]).astype(np.int32), np.concatenate(rows).astype(np.float32)


def fours(filterbank):
    """The same in fours of bins, filled up with zeros: int32 (bands, 4), which are first bin, begin and end of a
    band's fours, and 0; weights float32 (fours, 4). All of a band's fours lie within the bins, and neighbouring bands
    begin at an even and an odd bin where they can: 16 frames of two such bins are all banks of shared memory once."""
    low, start, weights = bands(filterbank)
    found, rows = np.zeros((len(low), 4), np.int32), []
    for m, width in enumerate(np.diff(start)):
        first = max(0, low[m] - (low[m] + m) % 2)
        count = -(-(low[m] + width - first) // 4)
        first = min(first, filterbank.shape[1] - 4 * count)
        row = np.zeros(4 * count, np.float32)
        row[low[m] - first :][:width] = weights[start[m] :][:width]
        found[m, :3] = first, len(rows), len(rows) + count
        rows += list(row.reshape(-1, 4))
    return found, np.array(rows, np.float32)
