from bench import impl

HOW = {"": {}, **{how: {"how": how} for how in ("bfloat16", "int8", "compile", "onnx", "entropy")}}


@impl("codec", requires=("transformers", "torch"), extra="neural", devices=("cpu", "cuda"), variants=HOW)
def mimi(case, how="float32"):
    """Mimi, 24 kHz, 12.5 frames a second: 1 to 32 codebooks of 11 bits, 137.5 bit/s each; Moshi uses 8, 1.1 kbit/s."""
    from impls.codec._mimi import network
    from impls.codec._neural import codec

    return codec(case, network(case), how)


@impl("codec", name="mimi:moshi", requires="impls.codec._moshi", extra="neural")
def moshi(case):
    """The same by Kyutai's own package, streaming as it is meant to be, in the interpreter of $BENCH_MOSHI_PYTHON."""
    from impls.codec._moshi import codec

    return codec(case)
