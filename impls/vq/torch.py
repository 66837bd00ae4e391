from bench import impl


@impl("vq", requires="torch", extra="torch", devices=("cpu", "cuda"))
def torch(case):
    import torch as t

    from impls._torch import device, op
    from impls.vq._torch import KINDS
    from suites.vq import fitted

    encode, decode = KINDS[case.quantizer](
        **{name: t.from_numpy(a).to(device(case)) for name, a in fitted(case).items()}
    )
    return {name: op(case, run) for name, run in (("encode", encode), ("decode", decode))}
