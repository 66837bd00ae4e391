"""The paths of the library that a test can be sent down."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

FORMS = {  # what an environment variable decides: the ISA to ask for, the variable, and its value
    "avx512-without-amx": ("avx512", "AUDIOKERN_AMX", "0"),
    "avx512-before-ice-lake": ("avx512", "AUDIOKERN_ICELAKE", "0"),
    "avx512-in-halves": ("avx512", "AUDIOKERN_SPLIT512", "1"),
    "avx512-whole": ("avx512", "AUDIOKERN_SPLIT512", "0"),
    "avx2-without-vnni": ("avx2", "AUDIOKERN_AVXVNNI", "0"),
}


def paths() -> list[str]:
    """Every ISA of this machine, and those again without what came later (sums of bytes, tables of bytes, tiles),
    and as CPUs have it that compute vectors of 512 bits in halves or whole.
    """
    try:
        import audiokern
    except ImportError:  # the files skip, saying so
        return []
    return [*audiokern.isas(), *(form for form, (isa, *_) in FORMS.items() if isa in audiokern.isas())]


@pytest.fixture(scope="class", params=paths())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """The ISA to ask for. Tests that parametrize ``isa`` themselves leave out the forms."""
    isa, variable, value = FORMS.get(request.param, (request.param, "", ""))
    with pytest.MonkeyPatch.context() as patch:
        for _, other, _ in FORMS.values():  # an implementation that this process made may have set one
            patch.delenv(other, raising=False)
        if variable:
            patch.setenv(variable, value)
            getenv = ctypes.CDLL(None).getenv  # what the library asks when a plan is made
            getenv.restype = ctypes.c_char_p
            assert getenv(variable.encode()) == value.encode()
        yield isa
