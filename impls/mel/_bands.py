"""Triangles without their zeros."""

import numpy as np


def bands(filterbank):
    """Triangles as the kernel takes them: first bin (bands,), start in the weights (bands + 1,), weights."""
    low = np.array([np.flatnonzero(row)[0] if row.any() else 0 for row in filterbank], np.int32)
    rows = [np.trim_zeros(row) for row in filterbank]
    return low, np.cumsum([0, *map(len, rows)]).astype(np.int32), np.concatenate(rows).astype(np.float32)
