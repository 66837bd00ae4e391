from functools import partial

from bench import impl

VARIANTS = {"": {}, "reused": {"reuse": True}, "avx2": {"isa": "avx2"}, "avxvnni": {"isa": "avxvnni"}}


@impl("vq", requires="audiokern", variants=VARIANTS)
def c(case, reuse=False, isa="auto"):
    """This project's own; exact: where two codewords are close, float64 decides."""
    from audiokern.vq import VectorQuantizer

    from impls._audiokern import op, options
    from impls.vq._c import KINDS
    from suites.vq import codebooks, fitted

    plan = partial(VectorQuantizer, **options(case, isa))
    if case.quantizer in KINDS and not reuse:
        return dict(zip(("encode", "decode"), KINDS[case.quantizer](plan, **fitted(case)), strict=True))
    whole = plan(codebooks(case))
    return {"encode": op(whole.encode, reuse), "decode": op(whole.decode, reuse)}
