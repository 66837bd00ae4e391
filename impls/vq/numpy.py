from bench import impl


@impl("vq", requires="numpy")
def numpy(case):
    """Plain array operations; codebooks are searched in blocks of vectors."""
    from impls.vq._numpy import KINDS
    from suites.vq import fitted

    encode, decode = KINDS[case.quantizer](**fitted(case))
    return {"encode": encode, "decode": decode}
