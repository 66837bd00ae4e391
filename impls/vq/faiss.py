from bench import Op, impl


@impl("vq", requires="faiss", extra="vq")
def faiss(case):
    """One stage: IndexFlatL2. Several: ResidualQuantizer with a beam of one; its codes are bits in a row."""
    import faiss
    import numpy as np

    from suites.vq import codebooks

    books, (stages, size, dim) = codebooks(case), codebooks(case).shape
    faiss.omp_set_num_threads(case.threads)
    if stages == 1:
        index = faiss.IndexFlatL2(dim)
        index.add(books[0])
        return {"encode": Op(lambda x: index.search(x, 1)[1], finish=lambda found: found.T)}
    bits = int(size - 1).bit_length()
    quantizer = faiss.ResidualQuantizer(dim, stages, bits)
    quantizer.max_beam_size, quantizer.is_trained = 1, True
    faiss.copy_array_to_vector(books.ravel(), quantizer.codebooks)
    return {
        "encode": Op(quantizer.compute_codes, finish=lambda codes: faiss.unpack_bitstrings(codes, stages, bits).T),
        "decode": Op(quantizer.decode, lambda indices: faiss.pack_bitstrings(indices.T.astype(np.int32), bits)),
    }
