from bench import impl


@impl("quantize", requires="numpy")
def numpy(case):
    import numpy as np

    from suites.quantize import SCALE_FLOOR, code_table, value_table

    axes, gain = (0, 1) if case.format == "int8_band" else None, np.float32(127.5 / np.log(256))
    values, codes = value_table(case.format), code_table(case.format)
    integer = lambda x: np.clip(np.rint(x * 32768), -32768, 32767).astype(np.int16)
    peak = lambda x: np.maximum(np.atleast_1d(np.maximum(x.max(axes), -x.min(axes))), np.float32(SCALE_FLOOR))
    scaled = lambda x, scale: (np.rint(x / scale).astype(np.int8), scale)
    upper_half = lambda bits: ((bits + (bits >> 16 & 1) + 0x7FFF) >> 16).astype(np.uint16)  # ties to even
    look_up = lambda code: values.take(code)
    g711 = lambda x: codes.take(integer(x).view("u2")), look_up
    int8 = lambda x: scaled(x, peak(x) / 127), np.multiply
    encode, decode = {
        "mulaw": (lambda x: (np.copysign(np.log1p(np.abs(x) * 255), x) * gain + 128).astype(np.uint8), look_up),
        "int16": (integer, lambda code: np.multiply(code, np.float32(2**-15), dtype=np.float32)),
        "float16": (lambda x: x.astype(np.float16), lambda code: code.astype(np.float32)),
        "bfloat16": (lambda x: upper_half(x.view("u4")), lambda code: (code.astype("u4") << 16).view("f4")),
    }.get(case.format, g711 if codes.size else int8)
    return {"encode": encode, "decode": decode}
