from bench import Stream, impl


@impl("stream", name="mulaw:numpy", requires="numpy")
def mulaw_numpy(case):
    """Companding on 256 levels and back."""
    import numpy as np

    from bench.codec import Pipe
    from suites.quantize import value_table

    values, gain = value_table("mulaw"), np.float32(127.5 / np.log(256))
    encode = lambda x: (np.copysign(np.log1p(np.abs(x) * 255), x) * gain + 128).astype(np.uint8)
    pipe = Pipe(encode, values.take)
    return Stream(case.sample_rate, lambda: pipe, pipe, declared=1)
