from bench import impl

FORMATS = {"g711u": "ulaw_g191", "g711a": "alaw", "int8": "tensor", "int8_band": "column"}  # the library's names


@impl("quantize", requires="audiokern")
def c(case):
    import numpy as np
    from audiokern.quantize import Int8, Quantizer

    from suites.quantize import SCALE_FLOOR

    name = FORMATS.get(case.format, case.format)
    if case.format not in ("int8", "int8_band"):
        plan = Quantizer(name, case.threads)
        return {"encode": plan.encode, "decode": plan.decode}
    plan = Int8(name, case.threads)

    def encode(x):
        scale = np.maximum(plan.scales(x), np.float32(SCALE_FLOOR / 127))
        return plan.encode(x, scale), scale

    return {"encode": encode, "decode": plan.decode}
