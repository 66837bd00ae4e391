from bench import Op, impl


@impl("vq", requires="faiss", extra="vq")
def faiss(case):
    """One stage: IndexFlatL2. Several: ResidualQuantizer with a beam of one. Parts: ProductQuantizer."""
    import faiss

    from impls.vq._faiss import product, residual
    from suites.vq import codebooks, fitted

    faiss.omp_set_num_threads(case.threads)
    if case.quantizer == "product":
        return product(**fitted(case))
    books = codebooks(case)
    if case.stages > 1:
        return residual(books)
    index = faiss.IndexFlatL2(case.dim)
    index.add(books[0])
    return {"encode": Op(lambda x: index.search(x, 1)[1], finish=lambda found: found.T)}
