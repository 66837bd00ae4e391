from bench import impl


@impl("quantize", requires="torch", extra="torch", devices=("cpu", "cuda"))
def torch(case):
    import torch as t

    from impls._torch import device, op
    from suites.quantize import SCALE_FLOOR, code_table, value_table

    axes, on = (0, 1) if case.format == "int8_band" else (), lambda table: t.from_numpy(table).to(device(case))
    values, codes = on(value_table(case.format)), on(code_table(case.format)).roll(32768)
    take = lambda table, index: table.index_select(0, index.view(-1)).view(index.shape)  # faster than table[index]
    integer = lambda x: (x * 32768).round_().clamp_(-32768, 32767)
    scaled = lambda x, scale: ((x / scale).round_().char(), scale)
    look_up = lambda code: take(values, code.int())
    g711 = lambda x: take(codes, integer(x).int().add_(32768)), look_up
    int8 = lambda x: scaled(x, x.abs().amax(axes).view(-1).clamp_(min=SCALE_FLOOR) / 127), t.mul
    encode, decode = {
        "mulaw": (lambda x: t.copysign(x.abs().mul_(255).add_(1).log2_(), x).mul_(127.5 / 8).add_(128).byte(), look_up),
        "int16": (lambda x: integer(x).short(), lambda code: code * 2**-15),
        "float16": (t.Tensor.half, t.Tensor.float),
        "bfloat16": (lambda x: x.bfloat16().view(t.uint16), lambda code: code.view(t.bfloat16).float()),
    }.get(case.format, g711 if len(codes) else int8)
    return {"encode": op(case, encode), "decode": op(case, decode)}
