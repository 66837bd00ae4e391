from bench import impl

HOW = {"": {}, **{how: {"how": how} for how in ("bfloat16", "int8", "compile", "onnx", "entropy")}}
NEEDS = {"requires": ("transformers", "torch"), "extra": "neural", "devices": ("cpu", "cuda")}


def dac(case, kilohertz, how="float32"):
    """DAC: 16 kHz with 12 codebooks of 10 bits, 24 kHz with 32, 44.1 kHz with 9 (7752 bit/s); not causal."""
    from impls.codec._dac import PUBLISHED, network
    from impls.codec._neural import codec

    return codec(case, network(case, PUBLISHED[kilohertz]), how)


for kilohertz in (16, 24, 44):
    settings = {how: {"kilohertz": kilohertz, **more} for how, more in HOW.items()}
    impl("codec", name=f"dac{kilohertz}", variants=settings, **NEEDS)(dac)
