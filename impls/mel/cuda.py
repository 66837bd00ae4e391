from bench import Unsupported, impl

OUTPUTS = {"": {}, **{name: {"output": name} for name in ("float16", "bfloat16")}}


@impl("mel", requires="impls._cuda", extra="cuda", devices=("cuda",), variants=OUTPUTS)
def cuda(case, output="float32"):
    """This project's own fused kernel: samples in, mels out, nothing else in memory; variants write 16 bits."""
    from impls._cuda import Context
    from impls.mel._cuda import fused
    from suites.mel import OPS

    wanted = {op: op != "mel" for op in OPS[case.preset] if op != "mfcc"}
    if output == "float16":
        wanted.pop("mel", None)  # energies: a loud tone's exceed its largest number, and a quiet sound's its digits
    if not wanted:
        raise Unsupported(f"float16 has no room for the energies of {case.preset}")
    gpu = Context(case.device)
    return {op: gpu.op(fused(gpu, case, log, output), output) for op, log in wanted.items()}
