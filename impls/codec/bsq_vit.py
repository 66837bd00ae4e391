from bench import impl

HOW = {"": {}, **{how: {"how": how} for how in ("bfloat16", "int8", "compile", "onnx", "entropy")}}
CONFORMER = {"conformer": {"conformer": "encoder"}, "conformer2": {"conformer": "both"}}  # on one side, on both
NEEDS = {"requires": ("torch", "librosa"), "extra": "neural", "devices": ("cpu", "cuda")}


@impl("codec", variants=HOW | CONFORMER, **NEEDS)
def bsq_vit(case, how="float32", **changes):
    """Audio BSQ-ViT at 16 kHz: pictures of 128 mels x 10.24 s, 512 tokens of 9, 18 or 36 bits; Griffin-Lim."""
    from impls.codec._bsq_vit import bsq_vit

    return bsq_vit(case, how, **changes)
