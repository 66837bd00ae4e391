from bench import impl


@impl("vq", name="scikit-learn", requires="sklearn", extra="vq")
def sklearn(case):
    """``pairwise_distances_argmin``, which is what KMeans.predict would do; it searches in float64."""
    import numpy as np
    from sklearn import config_context
    from sklearn.metrics import pairwise_distances_argmin

    from suites.vq import codebooks

    books = codebooks(case)

    def encode(x):
        indices = []
        with config_context(assume_finite=True):  # no look at every value before the search
            for book in books:
                indices.append(pairwise_distances_argmin(x, book))
                x = x - book[indices[-1]] if len(indices) < len(books) else x
        return np.stack(indices)

    return {"encode": encode}
