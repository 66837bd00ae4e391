from bench import impl

BEST = {"zeros": 64, "rolloff": 0.9475937167399596, "beta": 14.769656459379492}  # the filter of resampy's kaiser_best


@impl("resample", requires="scipy", variants={"": {}, "kaiser_best": BEST})
def scipy(case, zeros=10, rolloff=1.0, beta=5.0):
    """Polyphase; the plain one has resample_poly's own filter, designed here rather than in every call."""
    from math import ceil, gcd

    from scipy.signal import firwin, resample_poly

    common = gcd(case.source_rate, case.target_rate)
    up, down = case.target_rate // common, case.source_rate // common
    half = ceil(zeros * max(up, down) / rolloff)
    taps = firwin(2 * half + 1, rolloff / max(up, down), window=("kaiser", beta)).astype("float32")
    return lambda x: resample_poly(x, up, down, axis=1, window=taps)
