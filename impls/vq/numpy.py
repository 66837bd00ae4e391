from bench import impl


@impl("vq", requires="numpy")
def numpy(case, block=256):
    """Blocks of ``block`` vectors, so that their scores stay in cache."""
    import numpy as np

    from suites.vq import codebooks

    books = codebooks(case)
    halves = (books**2).sum(2) / 2

    def encode(x):
        indices = np.empty((len(books), len(x)), np.int64)
        for i in range(0, len(x), block):
            left = x[i : i + block]
            for stage, (book, half) in enumerate(zip(books, halves, strict=True)):
                scores = left @ book.T
                index = np.subtract(half, scores, out=scores).argmin(1, out=indices[stage, i : i + block])
                left = left - book[index] if stage + 1 < len(books) else left
        return indices

    return {"encode": encode, "decode": lambda indices: sum(map(np.take, books, indices, [0] * len(books)))}
