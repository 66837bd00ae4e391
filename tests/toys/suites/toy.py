"""A suite that costs nothing, for testing the harness: add one to every sample, and take it away again."""

import numpy as np

from bench import Case, Check, Suite, Work


class Toy(Suite):
    name = "toy"
    title = "add one to every sample"
    ops = ("add", "undo")
    grids = {
        "quick": [{"size": [64]}],
        "default": [{"size": [64, 256], "loud": [False]}],
        "full": [{"size": [64, 256, 1024], "loud": [False, True]}],
    }

    def audio(self, case: Case):
        return np.random.default_rng(case.seed).standard_normal((1, case.size)).astype(np.float32)

    def inputs(self, case, audio):
        return {"add": (audio,), "undo": (audio + 1,)}

    def reference(self, case, op, args):
        return args[0].astype(np.float64) + (1 if op == "add" else -1)

    def check(self, case, op, args, out, reference):
        error = float(np.max(np.abs(np.asarray(out, np.float64) - reference)))
        return Check({"error": error}, "" if error < 1e-6 else f"differs by {error:.3g}")

    def quality(self, case, op, call):
        return {"gain": float(call(np.zeros((1, case.size), np.float32))[0, 0])}

    def work(self, case, op):
        return Work(case.size, 8 * case.size)

    def audio_seconds(self, case):
        return case.size / 16000
