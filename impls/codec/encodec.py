from bench import impl

HOW = {"": {}, **{how: {"how": how} for how in ("bfloat16", "int8", "compile", "onnx", "entropy")}}
CAUSAL = {"causal": {"pad_mode": "constant"}}  # begins in silence, where the published model mirrors its first 80 ms
NEEDS = {"requires": ("transformers", "torch"), "extra": "neural", "devices": ("cpu", "cuda")}


@impl("codec", variants=HOW | CAUSAL, **NEEDS)
def encodec(case, how="float32", **changes):
    """EnCodec 24 kHz, causal, 75 frames a second: 1.5, 3, 6, 12, 24 kbit/s are 2 to 32 codebooks of 10 bits."""
    from impls.codec._encodec import PUBLISHED_24, network
    from impls.codec._neural import codec

    return codec(case, network(case, PUBLISHED_24, **changes), how)


@impl("codec", **NEEDS)
def encodec48(case, how="float32"):
    """EnCodec 48 kHz stereo: normalised seconds that overlap by 1%, 150 frames each: 3, 6, 12, 24 kbit/s."""
    from impls.codec._encodec import PUBLISHED_48, network
    from impls.codec._segments import segmented

    return segmented(case, network(case, PUBLISHED_48), 48000, 480, how)
