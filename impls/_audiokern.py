"""What the implementations of this project's own C library share in every suite."""

import os
from copy import deepcopy
from pathlib import Path

from bench import Op, Unsupported


def options(case, isa):
    """A plan's keyword arguments: threads, and the instruction set ("auto": the best that the CPU has).

    "avx2" is AVX2 alone; "avxvnni" has the sums of bytes that some CPUs without AVX-512 have, too. Raises Unsupported
    where the CPU or the build lacks the set.
    """
    import audiokern

    if isa == "avxvnni" and "avx_vnni" not in Path("/proc/cpuinfo").read_text():
        raise Unsupported("this CPU has no AVX-VNNI")
    if isa in ("avx2", "avxvnni"):
        os.environ["AUDIOKERN_AVXVNNI"] = "1" if isa == "avxvnni" else "0"
        isa = "avx2"
    if isa not in ("auto", *audiokern.isas()):
        raise Unsupported(f"this CPU has no {isa}; audiokern can use {', '.join(audiokern.isas())} here")
    return {"threads": case.threads, "isa": isa}


def op(call, reuse):
    """``call(*args, out)`` as an Op: into fresh arrays (``out`` is None), or always into those of the first call."""
    if not reuse:
        return Op(lambda *args: call(*args, None))
    out = None

    def run(*args):
        nonlocal out
        out = call(*args, out)
        return out

    return Op(run, finish=deepcopy)
