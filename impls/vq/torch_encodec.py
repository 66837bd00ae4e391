from bench import impl


@impl("vq", name="torch:encodec", requires="torch", extra="torch", devices=("cpu", "cuda"))
def torch_encodec(case):
    """The loop of EnCodec's ResidualVectorQuantization over EuclideanCodebook.quantize, line by line."""
    import torch
    from torch.nn.functional import embedding

    from impls._torch import device, op
    from suites.vq import codebooks

    books = torch.from_numpy(codebooks(case)).to(device(case))

    def encode(x):
        residual, all_indices = x, []
        for embed in books:
            e = embed.t()
            dist = -(residual.pow(2).sum(1, keepdim=True) - 2 * residual @ e + e.pow(2).sum(0, keepdim=True))
            indices = dist.max(dim=-1).indices
            residual = residual - embedding(indices, embed)
            all_indices.append(indices)
        return torch.stack(all_indices)

    return {"encode": op(case, encode)}
