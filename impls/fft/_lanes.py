"""Rows of a batch side by side in the lanes of vectors, and back."""

import numpy as np


def aligned(array):
    """A copy that begins at a multiple of 64 bytes, so that no vector lies in two lines of the cache."""
    room = np.empty(array.nbytes + 64, np.uint8)
    copy = room[-room.ctypes.data % 64 :][: array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def into(rows, lanes):
    """(rows, n) -> (blocks, n, lanes); lanes that no row is left for hold zeros."""
    blocks = -(-len(rows) // lanes)
    padded = np.zeros((blocks * lanes, rows.shape[1]), rows.dtype)
    padded[: len(rows)] = rows
    return np.ascontiguousarray(padded.reshape(blocks, lanes, -1).swapaxes(1, 2))


def out_of(blocks, count):
    """(blocks, n, lanes) -> (count, n)."""
    return np.ascontiguousarray(blocks.swapaxes(1, 2).reshape(-1, blocks.shape[1])[:count])


def apart(spectra):
    """complex64 (blocks, bins, lanes) -> float32 (blocks, bins, 2, lanes): real parts, imaginary parts."""
    return np.stack([spectra.real, spectra.imag], axis=2)


def together(parts):
    """float32 (blocks, bins, 2, lanes) -> complex64 (blocks, bins, lanes)."""
    return parts[:, :, 0] + 1j * parts[:, :, 1]
