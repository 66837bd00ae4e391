from bench import Op, impl


@impl("fft", requires="audiokern", variants={"": {}, "avx2": {"isa": "avx2"}})
def c(case, isa="auto"):
    """This project's own; ``prepare`` binds a call to its arrays, as a program with a plan and a buffer would."""
    from audiokern.fft import Fft

    from impls._audiokern import options

    plan = Fft(case.n, **options(case, isa))
    finish = lambda out: out.copy()
    return {
        "forward": Op(lambda bound: bound(), plan.bind, finish),
        "inverse": Op(lambda bound: bound(), lambda s: plan.bind(s, inverse=True), finish),
    }
