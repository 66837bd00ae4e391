"""Audio BSQ-ViT and its parts, each against another library or a formula."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from impls.nets.bsq import BinarySphericalQuantizer, bits_of, index_of  # noqa: E402
from impls.nets.bsq_vit import Attention, BSQViT, Grid  # noqa: E402
from impls.nets.conformer import ConvolutionModule  # noqa: E402

TINY = {"width": 8, "layers": 2, "heads": 2, "ffn_output": 12, "kernel_size": 3, "L": 9}
SMALL = Grid(n_mels=12, n_frames=32, patch_mels=4, patch_frames=8)


def counted(d: int, layers: int, bits: int, tokens: int, patch: int, ffn: int, convolutions: int, kernel: int) -> int:
    """Parameters by the formulas of ViT's blocks, 12 d^2 + 13 d, and the Conformer's module, 3 d^2 + (k + 8) d."""
    side = layers * (12 * d * d + 13 * d) + tokens * d + 4 * d
    head = d * ffn + ffn + ffn * patch + patch
    return (
        2 * side + patch * d + (d * bits + bits) + (bits * d + d) + head + convolutions * (3 * d * d + (kernel + 8) * d)
    )


@pytest.mark.parametrize(("conformer", "convolutions"), [("none", 0), ("encoder", 12), ("decoder", 12), ("both", 24)])
def test_parameters_are_those_of_the_formula(conformer: str, convolutions: int) -> None:
    with torch.device("meta"):
        net = BSQViT(L=18, conformer=conformer)
    assert sum(p.numel() for p in net.parameters()) == counted(768, 12, 18, 512, 256, 3072, convolutions, 31)


def test_what_the_convolution_adds() -> None:
    """12% of the parameters on one side, 25% on both: what is published, about 15%, is one side."""
    with torch.device("meta"):
        plain, one, both = (
            sum(p.numel() for p in BSQViT(conformer=c).parameters()) for c in ("none", "encoder", "both")
        )
    assert 0.12 < one / plain - 1 < 0.13
    assert 0.24 < both / plain - 1 < 0.25
    assert round(plain / 1e6, 1) == 174.3


@pytest.mark.parametrize(("bits", "bitrate"), [(9, 450), (18, 900), (36, 1800)])
def test_a_picture_is_512_tokens(bits: int, bitrate: int) -> None:
    with torch.device("meta"):
        sent = BSQViT(L=bits, layers=1).encode(torch.zeros(1, 128, 1024))
    assert sent.shape == (1, 8 * bits, 64)
    assert sent.numel() / 10.24 == bitrate


@pytest.mark.parametrize("width", [2, 9, 18])
def test_bsq_is_the_spherical_lfq_of_vector_quantize_pytorch(width: int) -> None:
    """Points, indices, the order of bits, and the gradient."""
    library = pytest.importorskip("vector_quantize_pytorch")
    theirs = library.LFQ(codebook_size=2**width, dim=width, spherical=True).eval()
    x = torch.randn(3, 40, width, generator=torch.Generator().manual_seed(width))
    ours, wanted = BinarySphericalQuantizer(), theirs(x)
    quantized, bits = ours(x)
    assert torch.allclose(quantized, wanted.quantized, atol=1e-6)
    assert torch.equal(index_of(bits), wanted.indices)
    assert torch.equal(bits_of(wanted.indices, width), bits)
    assert torch.allclose(ours.decode(bits), theirs.indices_to_codes(wanted.indices), atol=1e-6)
    assert torch.allclose(quantized.norm(dim=-1), torch.ones(3, 40))


def test_the_gradient_of_bsq_is_that_of_the_normalisation() -> None:
    x = torch.randn(5, 4, requires_grad=True)
    weight = torch.randn(5, 4)
    (BinarySphericalQuantizer()(x)[0] * weight).sum().backward()
    other = x.detach().clone().requires_grad_()
    (torch.nn.functional.normalize(other, dim=-1) * weight).sum().backward()
    assert torch.allclose(x.grad, other.grad)


@pytest.mark.parametrize("width", [1, 36, 62])
def test_bits_and_indices_go_both_ways(width: int) -> None:
    index = torch.randint(0, 1 << width, (20,), generator=torch.Generator().manual_seed(0))
    assert torch.equal(index_of(bits_of(index, width)), index)
    with pytest.raises(ValueError, match=f"codes of {width} bits"):
        bits_of(torch.tensor([1 << width]), width)


def test_the_convolution_is_that_of_torchaudio_given_its_weights() -> None:
    try:
        from torchaudio.models.conformer import _ConvolutionModule
    except (ImportError, OSError) as error:
        pytest.skip(f"torchaudio cannot be loaded here: {error}")
    torch.manual_seed(0)
    theirs, ours = _ConvolutionModule(6, 6, 5, bias=True), ConvolutionModule(6, 5)
    for _ in range(3):  # batch norm learns statistics that are not those of its beginning
        theirs(2 * torch.randn(4, 9, 6) + 1)
    theirs.eval(), ours.eval()
    names = {"0": "pointwise_in", "2": "depthwise", "3": "batch_norm", "5": "pointwise_out"}
    state = {}
    for name, value in theirs.state_dict().items():
        part, _, rest = name.removeprefix("sequential.").partition(".")
        state[f"{names.get(part, 'norm')}.{rest}"] = value.squeeze(-1) if part in ("0", "5") else value
    ours.load_state_dict(state)
    x = torch.randn(2, 11, 6)
    assert torch.allclose(ours(x), theirs(x), atol=1e-6)


def test_attention_is_that_of_torch_given_its_weights() -> None:
    torch.manual_seed(0)
    theirs, ours = torch.nn.MultiheadAttention(8, 2, batch_first=True), Attention(8, 2)
    ours.load_state_dict(
        {
            "qkv.weight": theirs.in_proj_weight,
            "qkv.bias": theirs.in_proj_bias,
            "out.weight": theirs.out_proj.weight,
            "out.bias": theirs.out_proj.bias,
        }
    )
    x = torch.randn(3, 7, 8)
    assert torch.allclose(ours(x), theirs(x, x, x, need_weights=False)[0], atol=1e-6)


def tiny(**changes) -> BSQViT:
    torch.manual_seed(0)
    return BSQViT(SMALL, **{**TINY, **changes}).eval()


def test_patches_are_cut_and_put_together_in_place() -> None:
    """One patch of ones lands in its own token, and a token's patch where it was cut."""
    net = tiny()
    mel = torch.zeros(1, 12, 32)
    mel[:, 4:8, 16:24] = torch.arange(32.0).view(4, 8)  # the second of 3 bands, the third of 4 steps
    cut = []
    net.encoder.patch_embed.register_forward_pre_hook(lambda _, args: cut.append(args[0]))
    net.encoder(mel)
    assert torch.equal(cut[0][0, 2, 1], torch.arange(32.0))
    assert cut[0].count_nonzero() == 31
    net.decoder.head.register_forward_hook(lambda *_: cut[0])
    assert torch.equal(net.decoder(torch.zeros(1, 27, 4)), mel)


@pytest.mark.parametrize("conformer", ["none", "both"])
def test_encode_and_decode_make_forward(conformer: str) -> None:
    net, mel = tiny(conformer=conformer), torch.randn(2, 12, 32)
    with torch.inference_mode():
        bits = net.encode(mel)
        assert bits.shape == (2, 27, 4)
        assert torch.allclose(net.decode(bits), net(mel), atol=1e-6)
        assert 0.1 < bits.float().mean() < 0.9
        assert net.decode(net.encode(mel[..., :8])).shape == (2, 12, 8)
        assert torch.allclose(net.decode(bits)[:1], net.decode(bits[:1]), atol=1e-6)


def test_gradients_reach_the_encoder() -> None:
    net = tiny(conformer="both").train()
    net(torch.randn(2, 12, 32)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    assert net.encoder.patch_embed.weight.grad.abs().max() > 0


def test_the_convolution_runs_in_time_within_a_band() -> None:
    """Without attention, a change in one band at one time stays within the kernel's reach, in that band."""
    net = tiny(conformer="encoder", layers=1)
    block = net.encoder.transformer.blocks[0]
    for weight in block.convolution.parameters():
        torch.nn.init.normal_(weight)
    torch.nn.init.zeros_(block.attention.out.weight)
    x = torch.randn(1, 5, 3, 8)
    other = x.clone()
    other[0, 2, 1, 0] += 1  # of one channel: layer norm takes out what all have in common
    with torch.inference_mode():
        changed = (block(x) - block(other)).abs().amax(-1)[0] > 1e-4
    assert changed.nonzero().tolist() == [[1, 1], [2, 1], [3, 1]]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda net: net.encode(torch.zeros(1, 12, 33)), "a multiple of 8 frames"),
        (lambda net: net.encode(torch.zeros(1, 12, 0)), "a multiple of 8 frames"),
        (lambda net: net.encode(torch.zeros(1, 10, 32)), "12, a multiple"),
        (lambda net: net.encode(torch.zeros(1, 12, 40)), "cut into chunks"),
        (lambda net: net.decode(torch.zeros(1, 26, 4)), "bits are"),
        (lambda net: net.decode(torch.zeros(1, 27, 5)), "1 to 4 steps"),
        (lambda net: BSQViT(conformer="middle"), "'middle'"),
        (lambda net: Grid(n_mels=100), "do not fill 100 mels"),
        (lambda net: ConvolutionModule(8, 4), "odd, not 4"),
    ],
)
def test_wrong_input_gets_one_line(call, says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        call(tiny())
    assert "\n" not in str(raised.value)
