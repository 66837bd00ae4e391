"""The paths of the library that a test can be sent down."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

BEFORE_ICE_LAKE = "avx512-before-ice-lake"


def paths() -> list[str]:
    """Every ISA of this machine, and AVX-512 without its sums of bytes and its tables of bytes."""
    try:
        import audiokern
    except ImportError:  # the files skip, saying so
        return []
    return [*audiokern.isas(), *([BEFORE_ICE_LAKE] if "avx512" in audiokern.isas() else [])]


@pytest.fixture(scope="class", params=paths())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """The ISA to ask for. Tests that parametrize ``isa`` themselves leave out the form before Ice Lake."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == BEFORE_ICE_LAKE:
            patch.setenv("AUDIOKERN_ICELAKE", "0")
            getenv = ctypes.CDLL(None).getenv  # what the library asks when a plan is made
            getenv.restype = ctypes.c_char_p
            assert getenv(b"AUDIOKERN_ICELAKE") == b"0"
        yield "avx512" if request.param == BEFORE_ICE_LAKE else request.param
