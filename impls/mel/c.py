from bench import impl


@impl("mel", requires="audiokern", variants={"": {}, "reused": {"reuse": True}, "avx2": {"isa": "avx2"}})
def c(case, reuse=False, isa="auto"):
    """This project's own; ``reused`` writes into one output array."""
    from impls._audiokern import op, options
    from impls.mel._c import calls

    return {name: op(call, reuse) for name, call in calls(case, **options(case, isa)).items()}
