from bench import Op, impl


@impl("vq", requires="torch", extra="torch")
def torch(case):
    import torch as t

    from impls.vq._torch import KINDS
    from suites.vq import fitted

    encode, decode = KINDS[case.quantizer](**{name: t.from_numpy(a) for name, a in fitted(case).items()})
    return {name: Op(run, t.from_numpy, t.Tensor.numpy) for name, run in (("encode", encode), ("decode", decode))}
