"""The same network in other arithmetic or another engine, each held against the float32 network that it came from.

The quantizer stays float32 in all of them: what differs is what encoder and decoder compute.
"""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench import Unsupported
from bench.signals import speech
from impls.codec._neural import Network, with_parts
from impls.codec._packing import Packing

TOLERANCE = {"float32": np.inf, "entropy": np.inf, "compile": 50.0, "onnx": 50.0, "bfloat16": 15.0, "int8": 10.0}
"""dB: the least signal-to-noise ratio, of latents and of the audio decoded from the same indices, against float32."""

STREAMED = ("float32", "entropy")
PROBE_SECONDS = 1.0


def made(network: Network, how: str, case: Any) -> tuple[Network, int]:
    """The network in this variant, compared with float32, and the bytes of its weights.

    Raises Unsupported where the network has nothing that the variant could change, or the device cannot do it,
    and ValueError where the answer is further from float32's than :data:`TOLERANCE` says.
    """
    if how not in TOLERANCE:
        raise Unsupported(f"there is no variant {how!r}; there are: {', '.join(TOLERANCE)}")
    size = sum(tensor.nbytes for tensor in network.weights)
    if how in ("float32", "entropy"):
        return network, size
    makers = {"bfloat16": _bfloat16, "int8": _int8, "compile": _compiled, "onnx": _onnx}
    parts, changed = makers[how](network, case)
    found = compared(network, parts)
    worst = min(found["latents_snr_db"], found["audio_snr_db"])
    if not worst >= TOLERANCE[how]:
        raise ValueError(f"{how} is {worst:.1f} dB from float32, and {TOLERANCE[how]:g} are asked of it")
    return with_parts(parts, parts.encoder, parts.decoder, **found), size + changed


@torch.inference_mode()
def compared(network: Network, variant: Network) -> dict[str, float]:
    """On a second of speech-like sound: the share of indices that differ (ties and what follows from them), dB."""
    sound = np.stack(
        [speech(round(PROBE_SECONDS * network.rate), network.rate, seed) for seed in range(network.channels)]
    )
    x = torch.from_numpy(sound[None, :, : sound.shape[1] // network.hop * network.hop]).to(network.device)
    ours, theirs = network.encoder(x), variant.encoder(x)
    codes = network.quantize(ours)
    latents = network.dequantize(codes)
    return {
        "indices_differ": float((codes != network.quantize(theirs)).float().mean()),
        "latents_snr_db": _snr(ours, theirs),
        "audio_snr_db": _snr(core(network.decoder)(latents), core(variant.decoder)(latents)),
    }


def core(part: Any) -> Any:
    """What of an encoder or a decoder is learned, and is changed by a variant: the whole, unless it names a ``core``.

    A spectrogram before it or a vocoder after it stays as it is. The comparison is then of what the cores give: a
    vocoder that seeks phases makes much of the last bit of its input.
    """
    return getattr(part, "core", part)


def with_core(part: Any, fresh: Any) -> Any:
    return part.with_core(fresh) if hasattr(part, "core") else fresh


def _snr(truth: Tensor, other: Tensor) -> float:
    """dB, at most 200."""
    truth, other = truth.double(), other.double()
    noise = float(((truth - other) ** 2).sum())
    return min(200.0, 10 * float(np.log10(float((truth**2).sum()) / noise))) if noise else 200.0


class Cast(nn.Module):
    """A network in bfloat16 between float32 ends."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = copy.deepcopy(inner).bfloat16()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x.bfloat16()).float()


def _bfloat16(network: Network, case: Any) -> tuple[Network, int]:
    halved = _bytes(network.encoder) + _bytes(network.decoder)
    parts = [with_core(part, Cast(core(part))) for part in (network.encoder, network.decoder)]
    return with_parts(network, *parts), -halved // 2


def _int8(network: Network, case: Any) -> tuple[Network, int]:
    """Dynamic quantization: weights of linear layers and LSTMs as int8, their inputs at each call."""
    if network.device != "cpu":
        raise Unsupported("int8 dynamic quantization is for the CPU: --device cpu")
    kinds = (nn.Linear, nn.LSTM)
    found = [m for part in (network.encoder, network.decoder) for m in part.modules() if type(m) in kinds]
    if not found:
        raise Unsupported(
            "int8 dynamic quantization covers linear layers and LSTMs; this network has convolutions only"
        )
    torch.backends.quantized.engine = "onednn" if "onednn" in torch.backends.quantized.supported_engines else "fbgemm"
    parts = [
        torch.ao.quantization.quantize_dynamic(copy.deepcopy(part), set(kinds), dtype=torch.qint8)
        for part in (network.encoder, network.decoder)
    ]
    saved = sum(w.nbytes * 3 // 4 for m in found for name, w in m.named_parameters() if name.startswith("weight"))
    return with_parts(network, *parts), -saved


def _compiled(network: Network, case: Any) -> tuple[Network, int]:
    """torch.compile for any length: the first call takes the compiler's time."""
    torch._dynamo.config.cache_size_limit = 64
    parts = (network.encoder, network.decoder)
    compiled = [with_core(part, torch.compile(core(part), dynamic=True)) for part in parts]
    return with_parts(network, *compiled), 0


class Session(nn.Module):
    """A graph in ONNX Runtime, of any length; the same call as the module that it was exported from."""

    def __init__(self, part: nn.Module, example: Tensor, threads: int, device: str):
        import onnxruntime

        super().__init__()
        wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else ["CPUExecutionProvider"]
        if wanted[0] not in onnxruntime.get_available_providers():
            raise Unsupported("this ONNX Runtime has no CUDA: pip install onnxruntime-gpu, or --device cpu")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "part.onnx"
            part = getattr(part, "exportable", lambda: part)()
            free = {0: "batch", 2: "length"}
            torch.onnx.export(
                part, (example,), str(path), input_names=["x"], output_names=["y"], dynamo=False, opset_version=17,
                dynamic_axes={"x": free, "y": free},
            )  # fmt: skip
            self.session = onnxruntime.InferenceSession(str(path), options, providers=wanted)

    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(self.session.run(None, {"x": x.cpu().numpy()})[0]).to(x.device)


def _onnx(network: Network, case: Any) -> tuple[Network, int]:
    """Traced, and exported whole; lengths are free, whole frames as always."""
    with torch.no_grad():
        x = torch.zeros(1, network.channels, network.hop * max(16, network.rate // network.hop), device=network.device)
        ends = [(network.encoder, x), (network.decoder, network.encoder(x))]
        parts = [
            with_core(part, Session(core(part), _entering(part, given), case.threads, network.device))
            for part, given in ends
        ]
    return with_parts(network, *parts), 0


def _entering(part: Any, x: Tensor) -> Tensor:
    """What the core of a part is given when the part is given x."""
    seen: list[Tensor] = []
    hook = core(part).register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    part(x)
    hook.remove()
    return seen[0]


class EntropyPacking:
    """The indices of a whole sound range-coded into one packet, behind its number of frames (32 bits)."""

    def __init__(self, coder: Any, packing: Packing):
        self.coder, self.packing = coder, packing

    def pack(self, codes: np.ndarray) -> list[bytes]:
        return [codes.shape[1].to_bytes(4, "little") + self.coder.encode(codes)]

    def unpack(self, packets: list[bytes]) -> np.ndarray:
        if len(packets) != 1 or len(packets[0]) < 4:
            raise ValueError(f"{len(packets)} packets; entropy-coded indices come as one, with its number of frames")
        frames, payload = int.from_bytes(packets[0][:4], "little"), packets[0][4:]
        if frames > 10 * 8 * len(packets[0]) + 100:
            raise ValueError(f"a packet of {len(packets[0])} bytes cannot hold the {frames} frames that it says")
        codes: np.ndarray = self.coder.decode(payload, frames)
        return codes

    def payload_bits(self, packets: list[bytes]) -> int:
        return 8 * sum(map(len, packets))


def coder(network: Network, packing: Packing, case: Any) -> EntropyPacking:
    """A range coder whose statistics are those of the indices of half a minute of other sound (seed 7)."""
    from impls.nets._entropy import IndexCoder, statistics

    sound = np.stack([speech(30 * network.rate, network.rate, 70 + channel) for channel in range(network.channels)])
    return EntropyPacking(IndexCoder(statistics(network.codes(sound[None])[0], packing.sizes)), packing)


def _bytes(part: nn.Module) -> int:
    return sum(p.nbytes for p in {id(p): p for p in part.parameters()}.values())
