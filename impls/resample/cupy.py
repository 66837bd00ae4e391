from bench import impl

BEST = {"zeros": 64, "rolloff": 0.9475937167399596, "beta": 14.769656459379492}  # the filter of resampy's kaiser_best
NEEDS = ("cupy", "cupyx.scipy.signal")


@impl("resample", requires=NEEDS, extra="cupy", devices=("cuda",), variants={"": {}, "kaiser_best": BEST})
def cupy(case, zeros=10, rolloff=1.0, beta=5.0):
    """cupyx.scipy.signal.resample_poly; the plain one has its own filter, designed here rather than in every call."""
    from math import ceil, gcd

    import cupy as cp
    from cupyx.scipy.signal import resample_poly
    from scipy.signal import firwin

    from impls._cupy import op, use

    use(case)
    common = gcd(case.source_rate, case.target_rate)
    up, down = case.target_rate // common, case.source_rate // common
    half = ceil(zeros * max(up, down) / rolloff)
    taps = cp.asarray(firwin(2 * half + 1, rolloff / max(up, down), window=("kaiser", beta)).astype("float32"))
    return op(lambda x: resample_poly(x, up, down, axis=1, window=taps))
