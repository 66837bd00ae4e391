from bench import Unsupported, impl


@impl("quantize", requires="numba", extra="dsp")
def numba(case):
    import numpy as np

    from impls.quantize._numba import column_peaks, formulas, loop
    from suites.quantize import SCALE_FLOOR

    if case.format == "float16":
        raise Unsupported("numba has no float16 on CPUs")
    band, one = case.format == "int8_band", np.ones(1, np.float32)
    values, codes, encode, decode = formulas(case.format)
    to_codes, to_values = loop(encode, codes, band, case.threads), loop(decode, values, band, case.threads)

    def int8(x):
        peaks = column_peaks(x)
        scale = np.maximum(peaks if band else peaks.max(keepdims=True), np.float32(SCALE_FLOOR)) / 127
        return to_codes(x, scale), scale

    if case.format in ("int8", "int8_band"):
        return {"encode": int8, "decode": to_values}
    return {"encode": lambda x: to_codes(x.view(values), one), "decode": lambda c: to_values(c, one).view("f4")}
