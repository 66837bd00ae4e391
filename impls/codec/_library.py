"""C libraries that have no Python wheel, called where the system has them."""

from __future__ import annotations

import ctypes


def library(name: str, package: str) -> ctypes.CDLL:
    """Load ``name``; ImportError that says which Debian package brings it."""
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise ImportError(f"{name} is not installed; apt-get install {package}") from None
