from bench import impl

HOW = {"": {}, **{how: {"how": how} for how in ("bfloat16", "int8", "compile", "onnx", "entropy")}}


@impl("codec", requires=("transformers", "torch"), extra="neural", devices=("cpu", "cuda"), variants=HOW)
def mimi(case, how="float32"):
    """Mimi, 24 kHz, 12.5 frames a second: 1 to 32 codebooks of 11 bits, 137.5 bit/s each; Moshi uses 8, 1.1 kbit/s."""
    from impls.codec._mimi import network
    from impls.codec._neural import codec

    return codec(case, network(case), how)
