from bench import impl


@impl("codec", requires=("snac", "torch"), extra="neural", devices=("cpu", "cuda"))
def snac(case):
    """SNAC 24 kHz: three codebooks of 12 bits at 12, 23 and 47 Hz, 0.98 kbit/s; its decoder's noise left out."""
    from impls.codec._neural import codec
    from impls.codec._snac import PUBLISHED, network

    return codec(case, network(case, PUBLISHED[24]))
