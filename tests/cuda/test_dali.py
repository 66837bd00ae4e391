"""DALI on a GPU, without one: what is uploaded, what comes back, and what is said where no device is seen."""

import numpy as np
import pytest

from bench import Case, Unsupported
from bench.registry import load

pytest.importorskip("nvidia.dali", reason="DALI is not installed here", exc_type=ImportError)

RESAMPLE = {"source_rate": 48000, "target_rate": 16000, "batch": 1, "seconds": 1.0}
MEL = {"preset": "whisper80", "batch": 1, "seconds": 1.0}


@pytest.mark.parametrize(("suite", "name", "params"), [("mel", "dali", MEL), ("resample", "dali:q50", RESAMPLE)])
def test_a_device_that_is_not_there_is_one_line(suite, name, params):
    from bench.measure.gpu import Gpu, NoGpu

    try:
        Gpu()
    except NoGpu:
        with pytest.raises(Unsupported, match=r"^DALI sees no CUDA device$"):
            load().find(suite, name).ops(Case(suite, params, device="cuda"), load().suite(suite))
    else:
        pytest.skip("there is a GPU here")


class Fake:
    """A tensor list or a pipeline that doubles; counts what was asked of it."""

    def __init__(self, array, where="host"):
        self.array, self.where, self.built = array, where, False

    def _as_gpu(self):
        return Fake(self.array, "device")

    def as_cpu(self):
        assert self.where == "device"
        return Fake(self.array)

    def as_array(self):
        assert self.where == "host"
        return self.array

    def build(self):
        self.built = True

    def run(self, x):
        assert self.built and x.where == "device"
        return [Fake(2 * x.array, "device")]


def test_the_input_lies_on_the_device_and_the_answer_comes_back(monkeypatch):
    import impls._dali as helper

    monkeypatch.setattr(helper, "TensorListCPU", Fake)
    op = helper.op(Case("mel", MEL, device="cuda"), Fake(None), lambda y: y.swapaxes(1, 2))
    x = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    out = op.call((x,))
    assert op.stream is None
    assert np.array_equal(out, 2 * x.swapaxes(1, 2))
