"""A suite of one's own: multiply a signal by one half. Its implementations stand in the same file."""

import numpy as np

from bench import Check, Suite, Work, impl


class Gain(Suite):
    name = "gain"
    title = "gain: batch x samples float32 -> the same, halved"
    ops = ("apply",)
    grids = {grid: [{"samples": [16000]}] for grid in ("quick", "default", "full")}

    def audio(self, case):
        return np.random.default_rng(case.seed).uniform(-1, 1, (1, case.samples)).astype(np.float32)

    def inputs(self, case, audio):
        return {"apply": (audio,)}

    def reference(self, case, op, args):
        return 0.5 * args[0].astype(np.float64)

    def check(self, case, op, args, out, reference):
        error = float(np.max(np.abs(out - reference), initial=0.0))
        return Check({"error": error}, "" if error <= 1e-7 else f"differs by {error:.3g}")

    def work(self, case, op):
        return Work(flops=case.samples, bytes=8 * case.samples)

    def audio_seconds(self, case):
        return case.samples / 16000


@impl("gain")
def halve(case):
    return lambda x: x * np.float32(0.5)
