"""The paths of the library that a test can be sent down."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

FORMS = {  # what an environment variable takes away: the ISA to ask for, and the variable
    "avx512-without-amx": ("avx512", "AUDIOKERN_AMX"),
    "avx512-before-ice-lake": ("avx512", "AUDIOKERN_ICELAKE"),
    "avx2-without-vnni": ("avx2", "AUDIOKERN_AVXVNNI"),
}


def paths() -> list[str]:
    """Every ISA of this machine, and those again without what came later: sums of bytes, tables of bytes, tiles."""
    try:
        import audiokern
    except ImportError:  # the files skip, saying so
        return []
    return [*audiokern.isas(), *(form for form, (isa, _) in FORMS.items() if isa in audiokern.isas())]


@pytest.fixture(scope="class", params=paths())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """The ISA to ask for. Tests that parametrize ``isa`` themselves leave out the forms."""
    isa, variable = FORMS.get(request.param, (request.param, ""))
    with pytest.MonkeyPatch.context() as patch:
        for _, other in FORMS.values():  # an implementation that this process made may have set one
            patch.delenv(other, raising=False)
        if variable:
            patch.setenv(variable, "0")
            getenv = ctypes.CDLL(None).getenv  # what the library asks when a plan is made
            getenv.restype = ctypes.c_char_p
            assert getenv(variable.encode()) == b"0"
        yield isa
