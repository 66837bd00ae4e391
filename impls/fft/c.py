from bench import Op, impl

VARIANTS = {"": {}, "avx2": {"isa": "avx2"}, "lanes": {"lanes": True}, "lanes:avx2": {"lanes": True, "isa": "avx2"}}


@impl("fft", requires="audiokern", variants=VARIANTS)
def c(case, lanes=False, isa="auto"):
    """This project's own. ``lanes``: rows side by side, as it computes them, so that nothing is rearranged."""
    from audiokern.fft import Fft

    from impls._audiokern import options
    from impls.fft._lanes import aligned, apart, into, out_of, together

    plan, run = Fft(case.n, **options(case, isa)), lambda bound: bound()  # a call with its arrays bound
    if not lanes:
        finish = lambda out: out.copy()
        return {"forward": Op(run, plan.bind, finish), "inverse": Op(run, lambda s: plan.bind(s, inverse=True), finish)}
    forward = lambda x: plan.bind_lanes(aligned(into(x, plan.lanes)))
    inverse = lambda s: plan.bind_lanes(aligned(apart(into(s, plan.lanes))), inverse=True)
    return {
        "forward": Op(run, forward, lambda out: out_of(together(out), case.batch)),
        "inverse": Op(run, inverse, lambda out: out_of(out, case.batch)),
    }
