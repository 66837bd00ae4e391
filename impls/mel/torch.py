from bench import impl


@impl("mel", requires="torch", extra="torch", devices=("cpu", "cuda"))
def torch(case):
    from impls.mel._torch import ops

    return ops(case)
