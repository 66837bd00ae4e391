from bench import impl

FORMATS = {"g711u": "ulaw_g191", "g711a": "alaw", "int8": "tensor", "int8_band": "column"}  # the library's names


@impl("quantize", requires="audiokern", variants={"": {}, "reused": {"reuse": True}, "avx2": {"isa": "avx2"}})
def c(case, reuse=False, isa="auto"):
    import numpy as np
    from audiokern.quantize import Int8, Quantizer

    from impls._audiokern import op, options
    from suites.quantize import SCALE_FLOOR

    name, floor = FORMATS.get(case.format, case.format), np.float32(SCALE_FLOOR / 127)
    if case.format not in ("int8", "int8_band"):
        plan = Quantizer(name, **options(case, isa))
        return {"encode": op(plan.encode, reuse), "decode": op(plan.decode, reuse)}
    plan = Int8(name, **options(case, isa))

    def encode(x, out):
        codes, scale = out or (None, None)
        scale = plan.scales(x, scale)
        return plan.encode(x, np.maximum(scale, floor, out=scale), codes), scale

    return {"encode": op(encode, reuse), "decode": op(plan.decode, reuse)}
