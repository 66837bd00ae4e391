from bench import impl


@impl(
    "stream", name="resample:c", requires="audiokern", variants={q or "": {"quality": q or "hq"} for q in ("", "low")}
)
def resample_c(case, quality):
    """This project's own; pieces do not change a bit of it."""
    from audiokern.resample import Resampler

    from impls.stream._resampling import rates, resampling

    plan = Resampler(*rates(case), quality, threads=case.threads, method="direct")
    return resampling(case, lambda: plan.stream().write, plan, declared=plan.reach)
