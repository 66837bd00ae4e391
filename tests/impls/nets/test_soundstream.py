"""SoundStream and its quantizer, on small networks: counted, streamed, looked through by gradients, made to learn."""

from __future__ import annotations

from math import prod

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from impls.nets.causal_conv import CausalConv1d, CausalConvTranspose1d  # noqa: E402
from impls.nets.rvq import ResidualVectorQuantizer, nearest  # noqa: E402
from impls.nets.soundstream import STRIDES, SoundStream  # noqa: E402

TINY = {"C": 2, "D": 8, "strides": (2, 3), "n_q": 3, "N": 16}


def tiny(dtype: torch.dtype = torch.float64, **changes) -> SoundStream:
    torch.manual_seed(0)
    net = SoundStream(**{**TINY, **changes}).to(dtype).eval()
    net.quantizer.start(net.embed(noise(600, dtype)).detach())
    return net


def noise(samples: int, dtype: torch.dtype = torch.float64, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, 1, samples, generator=torch.Generator().manual_seed(samples), dtype=dtype)


def counted(c: int, d: int, strides: tuple[int, ...]) -> int:
    """Parameters by the paper's description: a convolution from n to m channels with a kernel of k has k n m + m."""

    def conv(k: int, n: int, m: int) -> int:
        return k * n * m + m

    widths = [c << n for n in range(len(strides) + 1)]
    total = conv(7, 1, c) + conv(3, widths[-1], d) + conv(7, d, widths[-1]) + conv(7, c, 1)
    for s, narrow, wide in zip(strides, widths, widths[1:], strict=False):
        units = 2 * 3 * (conv(7, narrow, narrow) + conv(1, narrow, narrow))
        total += units + conv(2 * s, narrow, wide) + conv(2 * s, wide, narrow)
    return total


@pytest.mark.parametrize(("dim", "millions"), [(64, 9.511), (512, 11.805)])
def test_parameters_are_those_of_the_formula(dim: int, millions: float) -> None:
    with torch.device("meta"):
        net = SoundStream(D=dim)
    found = sum(p.numel() for p in net.parameters())
    assert found == counted(32, dim, STRIDES)
    assert round(found / 1e6, 3) == millions
    assert net.hop == 320
    assert net.quantizer.codebooks.shape == (8, 1024, dim)


def test_shapes_at_the_published_size() -> None:
    with torch.device("meta"):
        net, second = SoundStream(), torch.zeros(2, 1, 24000)
        assert net.embed(second).shape == (2, 64, 75)
        assert net.decoder(torch.zeros(2, 64, 75)).shape == (2, 1, 24000)


def test_a_causal_convolution_is_a_convolution_after_zeros() -> None:
    layer, x = CausalConv1d(2, 3, 4, stride=2).double(), torch.randn(1, 2, 10, dtype=torch.float64)
    padded = torch.nn.functional.pad(x, (2, 0))
    for t in range(5):
        window = padded[0, :, 2 * t : 2 * t + 4]
        expected = torch.einsum("ock,ck->o", layer.weight, window) + layer.bias
        assert torch.allclose(layer(x)[0, :, t], expected)


def test_a_causal_transposed_convolution_adds_what_overlaps() -> None:
    layer, x = CausalConvTranspose1d(2, 3, 4, 2).double(), torch.randn(1, 2, 5, dtype=torch.float64)
    expected = layer.bias[:, None].repeat(1, 12).double()
    for t in range(5):
        expected[:, 2 * t : 2 * t + 4] += torch.einsum("cok,c->ok", layer.weight, x[0, :, t])
    assert torch.allclose(layer(x)[0], expected[:, :10])


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 100), max_size=8), samples=st.integers(1, 100), frames=st.integers(1, 5))
def test_streaming_is_exactly_offline_however_the_signal_is_cut(cuts: list[int], samples: int, frames: int) -> None:
    """Codes the same, audio to the rounding of float64, for any lengths of pieces, empty ones too; then a flush."""
    net, audio = STREAMED, noise(samples)
    with torch.inference_mode():
        whole = net.encode(audio)
        ends = sorted({min(c, samples) for c in cuts} | {0, samples})
        state, codes = net.initial_encoder(), []
        for a, b in zip([0, *ends], [*ends, samples], strict=True):
            piece, state = net.encode_step(audio[..., a:b], state)
            codes.append(piece)
        codes.append(net.encode_flush(state))
        assert torch.equal(torch.cat(codes, -1), whole)
        past, out = net.initial_decoder(), []
        for piece in whole.split(frames, -1):
            sound, past = net.decode_step(piece, past)
            out.append(sound)
        assert torch.allclose(torch.cat(out, -1), net.decode(whole), rtol=0, atol=1e-12)
    assert torch.cat(out, -1).shape[-1] == -(-samples // net.hop) * net.hop


STREAMED = tiny()


def test_streaming_in_float32_differs_by_rounding_only() -> None:
    net, audio = tiny(torch.float32, C=8, D=16, strides=STRIDES), noise(3200, torch.float32)
    with torch.inference_mode():
        state, out = net.encoder.initial(1), []
        for piece in audio.split(net.hop, -1):
            y, state = net.encoder.step(piece, state)
            out.append(y)
        whole = net.encoder(audio)
    assert (torch.cat(out, -1) - whole).abs().max() < 1e-5 * whole.abs().max()


def test_a_state_can_be_used_again() -> None:
    """It is a value: a step leaves the state that it was given as it was."""
    net, audio = STREAMED, noise(60)
    with torch.inference_mode():
        _, state = net.encode_step(audio[..., :30], net.initial_encoder())
        once, _ = net.encode_step(audio[..., 30:], state)
        again, _ = net.encode_step(audio[..., 30:], state)
    assert torch.equal(once, again)


def test_the_look_ahead_is_one_frame() -> None:
    """By gradients: output n depends on inputs up to the end of its frame, and on that one."""
    net = STREAMED
    for n in (12, 15, 17):  # first sample of a frame of 6, one inside, the last
        audio = noise(60).requires_grad_()
        net(audio)[0, 0, n].backward()
        assert int(audio.grad[0, 0].nonzero().max()) == n // 6 * 6 + 5


def test_the_published_size_looks_319_samples_ahead() -> None:
    """13.3 ms with the sample itself; the strides and kernels of the paper with few channels."""
    net = tiny(C=1, D=2, strides=STRIDES)
    audio = noise(1600).requires_grad_()
    net(audio)[0, 0, 640].backward()
    assert int(audio.grad[0, 0].nonzero().max()) == 640 + 319


def test_bitrate_scales_with_the_number_of_codebooks() -> None:
    """The codes of fewer stages are the first of more; each stage leaves less."""
    net, audio = STREAMED, noise(600)
    with torch.inference_mode():
        embedded, codes = net.embed(audio), net.encode(audio)
        left = [(embedded - net.quantizer.decode(codes[:, :n])).square().mean() for n in (1, 2, 3)]
        assert torch.equal(net.encode(audio, n_q=2), codes[:, :2])
        assert torch.allclose(net(audio), net.decode(codes))
    assert left[0] > left[1] > left[2]
    assert 24000 / prod(STRIDES) * 10 * 8 == 6000  # bit/s of 8 codebooks of 10 bits


def test_film_without_weights_changes_nothing_and_with_them_what_it_should() -> None:
    audio = noise(60)
    for side in ("encoder", "decoder"):
        net, plain = tiny(film=side), tiny()
        plain.load_state_dict(net.state_dict(), strict=False)
        torch.nn.init.zeros_(net.film.linear.weight), torch.nn.init.zeros_(net.film.linear.bias)
        with torch.inference_mode():
            assert torch.equal(net(audio, denoise=True), plain(audio))
            net.film.linear.weight[0, 1] = 2.0  # gamma of the first channel, where "denoise" is on: 3 times
            net.film.linear.weight[8, 0] = 5.0  # beta of the first channel, where it is off
            a = torch.ones(1, 8, 4, dtype=torch.float64)
            modulated = net.film(a, torch.tensor([[True, True, False, False]]))
        assert modulated[0, 0].tolist() == [3, 3, 6, 6]
        assert torch.equal(modulated[0, 1:], a[0, 1:])


def test_film_can_be_switched_while_it_streams() -> None:
    net, audio = tiny(film="encoder"), noise(60)
    with torch.inference_mode():
        torch.nn.init.normal_(net.film.linear.weight)
        state, parts = net.initial_encoder(), []
        for n, piece in enumerate(audio.split(30, -1)):
            codes, state = net.encode_step(piece, state, denoise=bool(n))
            parts.append(codes)
        moments = torch.arange(10)[None] >= 5
        assert torch.equal(torch.cat(parts, -1), net.encode(audio, denoise=moments))
        assert not torch.equal(net.encode(audio, denoise=moments), net.encode(audio))


def test_the_nearest_vector_is_that_of_all_distances() -> None:
    x, book = torch.randn(50, 5, dtype=torch.float64), torch.randn(16, 5, dtype=torch.float64)
    assert torch.equal(nearest(x, book), torch.cdist(x, book).argmin(-1))


def test_the_quantizer_learns_clusters_from_k_means_and_the_moving_average() -> None:
    """Four tight clusters: each has a vector on its mean, also after the clusters have moved."""
    torch.manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    quantizer = ResidualVectorQuantizer(n_q=1, N=12, D=2)
    quantizer.forget()

    def batch(shift: float) -> torch.Tensor:
        points = (centres + shift).repeat(32, 1) + 0.01 * torch.randn(128, 2)
        return points.T[None]

    def off(shift: float) -> float:
        return float(torch.cdist(centres + shift, quantizer.codebooks[0]).min(1).values.max())

    for _ in range(200):
        quantizer(batch(0.0))
    assert off(0.0) < 0.02
    for _ in range(700):
        quantizer(batch(1.0))
    assert off(1.0) < 0.05
    before = quantizer.codebooks.clone()
    quantizer.eval()(batch(5.0))
    assert torch.equal(quantizer.codebooks, before)


def test_vectors_that_nothing_falls_to_are_replaced_by_inputs() -> None:
    torch.manual_seed(0)
    quantizer = ResidualVectorQuantizer(n_q=1, N=8, D=2)
    quantizer.codebooks[0, 5:] = 1e6
    x = torch.randn(1, 2, 400)
    for _ in range(3):
        quantizer(x)
    assert quantizer.codebooks.abs().max() < 10


def test_dropout_uses_fewer_stages_in_training_alone() -> None:
    torch.manual_seed(0)
    quantizer = ResidualVectorQuantizer(n_q=4, N=16, D=4)
    x = torch.randn(64, 4, 5)
    quantizer.start(x, iterations=2)
    quantized, codes = quantizer.eval()(x)
    assert torch.allclose(quantized, quantizer.decode(codes), atol=1e-6)
    frozen = quantizer.codebooks.clone()
    quantizer.train().decay = 1.0  # so that the codebooks stay where they are
    quantizer.usage.fill_(10), quantizer.sums.copy_(10 * frozen)
    quantized, codes = quantizer(x)
    used = [
        [n for n in range(1, 5) if torch.allclose(example, quantizer.sum_of(code[None, :n])[0], atol=1e-5)]
        for example, code in zip(quantized, codes, strict=True)
    ]
    assert all(len(n) == 1 for n in used)
    assert {n[0] for n in used} == {1, 2, 3, 4}


def test_gradients_pass_straight_through() -> None:
    quantizer, x = ResidualVectorQuantizer(n_q=2, N=8, D=3).eval(), torch.randn(1, 3, 6, requires_grad=True)
    weight = torch.randn(1, 3, 6)
    (quantizer(x)[0] * weight).sum().backward()
    assert torch.equal(x.grad, weight)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda net: net.encode(torch.zeros(1, 2, 60)), "mono"),
        (lambda net: net.encode(torch.zeros(1, 1, 0)), "no audio"),
        (lambda net: net.encode(noise(60), n_q=4), "1 to 3 codebooks, not 4"),
        (lambda net: net.decode(torch.full((1, 3, 2), 16)), "go from 0 to 15"),
        (lambda net: net.decode(torch.zeros(1, 4, 2, dtype=torch.int64)), "1 to 3 codebooks"),
        (lambda net: net.encode(noise(60), denoise=True), "cannot denoise"),
        (lambda net: SoundStream(film="middle"), "'middle'"),
    ],
)
def test_wrong_input_gets_one_line(call, says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        call(STREAMED)
    assert "\n" not in str(raised.value)
