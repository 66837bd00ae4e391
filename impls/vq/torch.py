from bench import Op, impl


@impl("vq", requires="torch", extra="torch")
def torch(case):
    import torch as t
    from torch.nn.functional import embedding

    from suites.vq import codebooks

    books = t.from_numpy(codebooks(case))
    halves = (books**2).sum(2) / 2

    def encode(x):
        indices = []
        for stage, (book, half) in enumerate(zip(books, halves, strict=True)):
            x = x - embedding(indices[-1], books[stage - 1]) if stage else x
            indices.append(t.addmm(half, x, book.T, alpha=-1).argmin(1))
        return t.stack(indices)

    decode = lambda indices: sum(map(embedding, indices, books))
    return {name: Op(run, t.from_numpy, t.Tensor.numpy) for name, run in (("encode", encode), ("decode", decode))}
