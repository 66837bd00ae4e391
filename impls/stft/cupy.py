from bench import impl


@impl("stft", requires="cupy", extra="cupy", devices=("cuda",), variants={"": {"fused": False}, "raw": {"fused": True}})
def cupy(case, fused):
    """Strided views and cupy.fft with cached plans; ``raw``: one kernel of our own gathers and windows the frames."""
    from impls._cupy import use

    use(case)
    from impls.stft._cupy import ops

    return ops(case, fused)
