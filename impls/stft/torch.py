from bench import impl


@impl("stft", requires="torch", extra="torch", devices=("cpu", "cuda"))
def torch(case):
    from impls.stft._torch import ops

    return ops(case)
