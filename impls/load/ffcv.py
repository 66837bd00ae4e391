from bench import impl

VARIANTS = {"": {}, "quasi_random": {"quasi": True}}


@impl("load", requires="impls.load._ffcv", extra="ffcv", variants=VARIANTS)
def ffcv(case, quasi=False):
    """A ``.beton`` of 16-bit samples at 16 kHz, decoded beforehand; a crop is copied out by compiled code.

    Random order over a mapped file; ``quasi_random``: FFCV's own order, page by page, through its own cache.
    """
    from impls.load import _ffcv

    return {"epoch": lambda job: _ffcv.epochs(job, quasi)}
