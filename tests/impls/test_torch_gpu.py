"""PyTorch on a GPU, where there is none: the current device; what may be captured as a CUDA graph, and when it is."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from bench import Case
from bench.registry import load

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("suite", "params", "shapes"),
    [
        ("stft", {"n_fft": 400, "hop_length": 160, "center": True}, {"forward": (2, 4000), "inverse": (2, 201, 26)}),
        ("mel", {"preset": "whisper80"}, {"mel": (2, 4000), "log_mel": (2, 4000), "mfcc": (2, 4000)}),
    ],
)
def test_what_is_captured_asks_for_no_value_on_the_host(suite, params, shapes):
    """A stream under capture has none to tell."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watched(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            found = function(*args, **(kwargs or {}))
            assert not isinstance(found, (bool, int, float)), function
            return found

    case = Case(suite, params | {"sample_rate": 16000, "batch": 2, "seconds": 0.25})
    ops = load().find(suite, "torch:graph").ops(case, load().suite(suite))
    assert ops
    for name, op in ops.items():
        with Watched():
            op.run.run(torch.ones(shapes[name], dtype=torch.complex64 if name == "inverse" else torch.float32))


def test_a_graph_is_captured_once_for_a_layout(monkeypatch):
    """As the end-to-end time needs it, for which each call's audio is uploaded anew."""
    from impls._torch import Graph

    captured, given = [], []

    class Recorded:
        def replay(self):
            x, y = given[-1]
            made.out.copy_(2 * x + y)

    def run(*arguments):
        given.append(arguments)
        return torch.empty_like(arguments[0])

    def capture(graph):
        captured.append(graph)
        return nullcontext()

    stream = SimpleNamespace(wait_stream=lambda other: None)
    cuda = {"Stream": lambda: stream, "current_stream": lambda: stream, "stream": lambda s: nullcontext()}
    for name, stub in (cuda | {"CUDAGraph": Recorded, "graph": capture}).items():
        monkeypatch.setattr(torch.cuda, name, stub)
    made = Graph(run)
    one, ones, three = torch.arange(4.0), torch.ones(4), torch.full((4,), 3.0)
    for x, y in ((one, ones), (one, ones), (three, ones), (one, three)):
        assert torch.equal(made(x, y), 2 * x + y)
    assert len(captured) == 1
    assert torch.equal(one, torch.arange(4.0))  # what a caller has stays as it is
    assert torch.equal(made(one[::2], ones[::2]), torch.tensor([1.0, 5.0])) and len(captured) == 2


def test_the_device_of_a_case_is_the_current_one_and_computes_in_fp32(monkeypatch):
    """Streams, graphs and the peak of memory are the current device's."""
    from impls._torch import device

    used = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", used.append)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)  # PyTorch's default, for convolutions
    places = [device(Case("mel", {}, name)) for name in ("cuda", "cuda:1", "cpu")]
    assert ([str(place) for place in places], used) == (["cuda", "cuda:1", "cpu"], [0, 1])
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
