from bench import Stream, impl


@impl("stream", name="mulaw:c", requires="audiokern")
def mulaw_c(case):
    """Companding on 256 levels and back, this project's own."""
    from audiokern.quantize import Quantizer

    from bench.codec import Pipe

    plan = Quantizer("mulaw", threads=case.threads)
    pipe = Pipe(plan.encode, plan.decode)
    return Stream(case.sample_rate, lambda: pipe, pipe, declared=1)
