"""Look-ahead by gradient and by perturbation, on systems whose look-ahead follows from their definition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.codec import Codec
from bench.registry import load

load()
from suites._latency import by_gradient_only  # noqa: E402
from suites._lookahead import by_gradient, by_perturbation, greatest  # noqa: E402

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn.functional import interpolate, pad  # noqa: E402


def causal(kernel: int, stride: int = 1, dilation: int = 1, ins: int = 1, outs: int = 1) -> nn.Module:
    """Zeros in front only, so that output k ends with input (k + 1) stride - 1."""
    left = dilation * (kernel - 1) - (stride - 1)
    return nn.Sequential(nn.ConstantPad1d((left, 0), 0.0), nn.Conv1d(ins, outs, kernel, stride, dilation=dilation))


def up(stride: int, kernel: int, ins: int = 1, outs: int = 1) -> nn.Module:
    """A transposed convolution whose overhang at the right is cut: frame k begins at sample k stride."""
    return nn.Sequential(nn.ConvTranspose1d(ins, outs, kernel, stride), nn.ConstantPad1d((0, stride - kernel), 0.0))


SYSTEMS = {
    "identity": (lambda: nn.Identity(), 1, 0),
    "causal convolution": (lambda: causal(7), 1, 0),
    "causal, dilated": (lambda: causal(3, dilation=9), 1, 0),
    "symmetric convolution": (lambda: nn.Conv1d(1, 1, 7, padding=3), 1, 3),
    "two symmetric ones, one dilated": (
        lambda: nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.ELU(), nn.Conv1d(4, 1, 3, padding=9, dilation=9)),
        1, 11,
    ),
    # the first sample of a frame of 8 needs the last one
    "strided and back": (lambda: nn.Sequential(causal(16, 8), up(8, 16)), 8, 7),
    "strides 2, 4 and 5, causal": (
        lambda: nn.Sequential(causal(4, 2, outs=2), causal(8, 4, ins=2, outs=2), causal(10, 5, ins=2, outs=2),
                              up(5, 10, 2, 2), up(4, 8, 2, 2), up(2, 4, 2)), 40, 39,
    ),
    # output 8 k needs frame k, which the kernel of 16 around its middle takes to input 8 k + 11
    "strided, symmetric": (lambda: nn.Sequential(nn.Conv1d(1, 1, 16, 8, padding=4), up(8, 16)), 8, 11),
    # nn.ConvTranspose1d with padding 4 shifts by 4: output 8 k + 4 is the first to use frame k + 1, to 8 (k + 1) + 7
    "strided, transposed with padding": (
        lambda: nn.Sequential(causal(16, 8), nn.ConvTranspose1d(1, 1, 16, 8, padding=4)), 8, 11,
    ),
    "a frame more looked at": (lambda: nn.Sequential(causal(8, 8), nn.Conv1d(1, 1, 3, padding=1), up(8, 8)), 8, 15),
    "late by 100 samples": (lambda: nn.ConstantPad1d((100, -100), 0.0), 1, -100),
    "frames, and late": (lambda: nn.Sequential(causal(8, 8), up(8, 8), nn.ConstantPad1d((50, -50), 0.0)), 8, -43),
}  # fmt: skip


@pytest.fixture(params=SYSTEMS)
def system(request):
    torch.manual_seed(0)
    make, period, ahead = SYSTEMS[request.param]
    return make().eval().requires_grad_(False), period, ahead


def test_by_gradient(system):
    network, period, ahead = system
    assert by_gradient(network, period) == ahead


def test_by_perturbation(system):
    network, period, ahead = system

    def numpy(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(x)[None])[0].numpy()

    assert by_perturbation(numpy, period) == ahead


def test_a_period_of_several_frames_finds_the_same():
    network = nn.Sequential(causal(16, 8), up(8, 16)).requires_grad_(False)
    assert by_gradient(network, 24) == 7


def test_a_deep_network_whose_weights_are_small_is_seen_to_its_edge():
    """Twelve symmetric convolutions; the gradient at the edge is a product of twelve weights of about 1e-3: 1e-36."""
    torch.manual_seed(1)
    layers = [nn.Conv1d(1, 1, 3, padding=1, bias=False) for _ in range(14)]
    for layer in layers:
        nn.init.constant_(layer.weight, 1e-3)
    assert by_gradient(nn.Sequential(*layers).requires_grad_(False), 1) == 14


def test_stereo_is_seen_in_both_channels():
    """Only the right channel looks ahead."""
    network = lambda x: x + pad(x[:, 1:], (0, 5))[..., 5:].expand(-1, 2, -1)  # noqa: E731
    assert by_gradient(network, 1, channels=2) == 5


def test_a_reach_longer_than_the_first_guess_is_followed():
    ahead = 5000
    network = lambda x: pad(x, (0, ahead))[..., ahead:]  # noqa: E731
    assert by_gradient(network, 1) == ahead == by_perturbation(lambda x: network(torch.from_numpy(x)).numpy(), 1)


def test_what_depends_on_everything_is_infinite():
    assert by_gradient(lambda x: x - x.mean(-1, keepdim=True), 1, most=5000) == math.inf
    assert by_perturbation(lambda x: x - x.mean(1, keepdims=True), 1, most=5000) == math.inf


def test_what_depends_on_nothing_and_what_is_no_number_are_refused():
    with pytest.raises(ValueError, match="no output depends"):
        by_gradient(lambda x: x * 0, 1)
    with pytest.raises(ValueError, match="no output depends"):
        by_perturbation(np.zeros_like, 1)
    with pytest.raises(ValueError, match="not a number"):
        by_gradient(lambda x: torch.sqrt(-x.abs()), 1)


def test_frames_that_are_interpolated_look_one_frame_further():
    """Linear interpolation between means of 4: sample 4 k + 2 is the first that frame k + 1 touches."""
    network = lambda x: interpolate(nn.functional.avg_pool1d(x, 4), scale_factor=4, mode="linear")  # noqa: E731
    assert by_gradient(network, 4) == 8 + 3 - 2 - 4


def test_the_search_is_exact_and_looks_at_few_places():
    """Steps of any height at any place, against looking everywhere."""
    random = np.random.default_rng(0)
    for _ in range(50):
        steps = np.cumsum(np.where(random.random(1000) < 0.01, random.integers(1, 200, 1000), 0)).astype(float)
        asked = []
        found = greatest(lambda n, steps=steps, asked=asked: (asked.append(n), steps[n])[1], 0, 999)
        assert found == (steps - np.arange(1000)).max() and len(asked) < 300


def test_a_codec_that_hears_seven_samples_ahead_answers_after_eight():
    network = lambda x: pad(x, (0, 7))[..., 7:]  # noqa: E731
    codec = Codec(8000, lambda x: [], lambda packets: packets, 0, frame=1, differentiable=lambda: network)
    assert by_gradient_only(codec) == {"lookahead_gradient_samples": 7, "algorithmic_ms": 1.0}
