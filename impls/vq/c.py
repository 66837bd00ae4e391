from bench import impl


@impl("vq", requires="audiokern", variants={"": {}, "reused": {"reuse": True}, "avx2": {"isa": "avx2"}})
def c(case, reuse=False, isa="auto"):
    """This project's own; exact: where two codewords are close, float64 decides."""
    from audiokern.vq import VectorQuantizer

    from impls._audiokern import op, options
    from suites.vq import codebooks

    plan = VectorQuantizer(codebooks(case), **options(case, isa))
    return {"encode": op(plan.encode, reuse), "decode": op(plan.decode, reuse)}
