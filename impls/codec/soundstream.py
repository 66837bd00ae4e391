from bench import impl

HOW = {
    "": {},
    **{how: {"how": how} for how in ("bfloat16", "compile", "onnx", "entropy")},
}  # int8: it has no linear layers
OTHER = {"d512": {"D": 512}, "denoise": {"film": "encoder"}}


@impl("codec", requires="torch", extra="neural", devices=("cpu", "cuda"), variants=HOW | OTHER)
def soundstream(case, how="float32", **changes):
    """SoundStream at 24 kHz, 75 frames a second, 1 to 24 codebooks of 10 bits: 6 kbit/s are 8; D = 64 is our choice."""
    from impls.codec._neural import codec
    from impls.codec._soundstream import network

    return codec(case, network(case, **changes), how)
