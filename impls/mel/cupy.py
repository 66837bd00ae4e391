from bench import Unsupported, impl


@impl("mel", requires="cupy", extra="cupy", devices=("cuda",), variants={"": {"fused": False}, "raw": {"fused": True}})
def cupy(case, fused):
    """cupy.fft with cached plans and a matrix product; ``raw``: kernels of our own on either side of the transform."""
    from impls._cupy import use

    if case.preset == "kaldi":
        raise Unsupported("CuPy has no Kaldi front end; see torchaudio:kaldi")
    use(case)
    from impls.mel._cupy import ops

    return ops(case, fused)
