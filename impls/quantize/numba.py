from bench import Unsupported, impl


@impl("quantize", requires="numba", extra="dsp")
def numba(case):
    import numpy as np

    from impls.quantize._numba import formulas, loop, scale_of

    if case.format == "float16":
        raise Unsupported("numba has no float16 on CPUs")
    band, one = case.format == "int8_band", np.ones(1, np.float32)
    values, codes, encode, decode = formulas(case.format)
    to_codes, to_values = loop(encode, codes, band, case.threads), loop(decode, values, band, case.threads)
    scaled = lambda x, scale: (to_codes(x, scale), scale)
    made = {"encode": lambda x: to_codes(x.view(values), one), "decode": lambda c: to_values(c, one).view("f4")}
    if case.format in ("int8", "int8_band"):
        made = {"encode": lambda x: scaled(x, scale_of(x, band)), "decode": to_values}
    tiny = np.zeros((1, 1) if case.signal == "waveform" else (1, 1, 1), np.float32)
    out = made["encode"](tiny)  # compiles both here, not in the first call
    made["decode"](*(out if isinstance(out, tuple) else (out,)))
    return made
