"""Neural codecs: from a network of encoder, quantizer and decoder to a bench.Codec, whatever library built it.

A file of ``impls/codec/`` builds a :class:`Network` for a case and hands it to :func:`codec`, which pads, cuts long
sounds, packs indices to the bit, counts, and makes the variant of the network that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench import Codec, Unsupported
from impls.codec._packing import Packing

CHUNK_SECONDS = 20.0
"""A longer sound goes through the network in pieces of this length, so that memory does not grow with it."""

STREAM_TOLERANCE = 1e-3
"""RMS over RMS: sums in another order round otherwise, 1e-6 to 1e-5. With all 32 codebooks of Mimi, an index then falls
otherwise now and again, 3e-4 in two seconds; an early one of an untrained network would be far above."""

EMPTY = "the sound is empty: there is nothing to encode"


@dataclass(frozen=True)
class Network:
    """A neural codec for one case, with the number of codebooks that its bitrate needs.

    - ``encoder``: float32 (batch, channels, samples), whole frames -> float32 (batch, width, frames).
    - ``quantize``: that -> int64 (batch, indices, frames); ``dequantize``: back to (batch, width, frames).
    - ``decoder``: (batch, width, frames) -> (batch, channels, frames x ``hop``, or a few samples less).
    - ``rate``: Hz; ``hop``: samples of a frame; ``sizes``: how many values each index of a frame can have.
    - ``codebooks``: tensors of codewords that are no nn.Parameter of encoder, decoder or ``quantizer``.
    - ``reach``: frames of context on either side after which a frame's answer does not change; long sounds are cut with
      so much overlap. None: unknown or without end; then ``stream`` carries the state from piece to piece, and where
      there is none either, a sound goes through whole.
    - ``stream``: gives a fresh pair of functions with a state: (audio of whole frames -> latents of the frames that are
      complete, latents -> audio).
    - ``straight``: the quantizer for gradients, which pass straight through: latents -> what the decoder is given [the
      same]. A quantizer that mixes moments looks ahead itself.
    - ``delay``: samples of algorithmic delay, the frame included.
    - ``random_weights``: seeded, not trained.
    """

    encoder: nn.Module
    decoder: nn.Module
    quantize: Callable[[Tensor], Tensor]
    dequantize: Callable[[Tensor], Tensor]
    rate: int
    hop: int
    sizes: Sequence[int]
    quantizer: nn.Module | None = None
    codebooks: Sequence[Tensor] = ()
    channels: int = 1
    reach: int | None = None
    stream: Callable[[], tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] | None = None
    straight: Callable[[Tensor], Tensor] = lambda latents: latents
    delay: int | None = None
    random_weights: bool = True
    device: str = "cpu"
    figures: dict[str, float] = field(default_factory=dict)  # of the comparison of a variant with float32

    @cached_property
    def weights(self) -> list[Tensor]:
        """Every number that was, or would be, trained: parameters and codebooks, each once."""
        modules = [m for m in (self.encoder, self.decoder, self.quantizer) if m is not None]
        found = [p for m in modules for p in m.parameters()] + list(self.codebooks)
        return list({id(tensor): tensor for tensor in found}.values())

    @torch.inference_mode()
    def codes(self, audio: np.ndarray) -> np.ndarray:
        """float32 (batch, channels, samples) -> int64 (batch, indices, frames), the last filled with silence."""
        if audio.shape[-2] != self.channels:
            wanted = "mono" if self.channels == 1 else f"{self.channels} channels"
            raise ValueError(f"the sound has {audio.shape[-2]} channels; this codec takes {wanted}")
        if not audio.shape[-1]:
            raise ValueError(EMPTY)
        x = torch.from_numpy(np.ascontiguousarray(audio, np.float32))
        x = nn.functional.pad(x, (0, -x.shape[-1] % self.hop))
        latents = self._pieces(x, self.hop, 1, lambda: self.stream()[0], self.encoder, self.quantize)  # type: ignore[misc]
        return latents.numpy()

    @torch.inference_mode()
    def audio(self, codes: np.ndarray) -> np.ndarray:
        """int64 (batch, indices, frames) -> float32 (batch, channels, frames x hop)."""
        latents = lambda x: self.dequantize(x)
        decode = lambda x: self._filled(self.decoder(latents(x)), x.shape[-1])

        def state() -> Callable[[Tensor], Tensor]:
            step = self.stream()[1]  # type: ignore[misc]
            return lambda x: step(latents(x))

        return self._pieces(torch.from_numpy(codes), 1, self.hop, state, decode, lambda y: y).numpy()

    def _filled(self, y: Tensor, frames: int) -> Tensor:
        """Transposed convolutions of odd strides give a few samples less than whole frames."""
        return nn.functional.pad(y, (0, frames * self.hop - y.shape[-1]))

    def _pieces(self, x: Tensor, per: int, gives: int, state: Any, whole: Any, then: Any) -> Tensor:
        """``then(whole(x))`` on the CPU; a long ``x`` in pieces. ``per``, ``gives``: steps of x and of y in a frame."""
        frames, piece = x.shape[-1] // per, round(CHUNK_SECONDS * self.rate / self.hop)
        x = x.to(self.device)
        if frames <= piece * 3 // 2 or (self.reach is None and self.stream is None):
            return then(whole(x)).cpu()
        parts, step = [], state() if self.reach is None else None
        for start in range(0, frames, piece):
            end = min(frames, start + piece)
            if step is not None:
                parts.append(then(step(x[..., start * per : end * per])).cpu())
                continue
            low, high = max(0, start - self.reach), min(frames, end + self.reach)  # type: ignore[operator]
            part = then(whole(x[..., low * per : high * per]))
            parts.append(part[..., (start - low) * gives : (end - low) * gives].cpu())
        return torch.cat(parts, dim=-1)


def books(case: Any, name: str, choices: Sequence[int], each: float) -> int:
    """How many codebooks of ``each`` bit/s come nearest to the case's bitrate.

    Raises Unsupported for a bitrate that is more than twice, or less than half, of what the codec can do.
    """
    asked = 1000 * case.bitrate
    best = min(choices, key=lambda n: (abs(n * each - asked), n))
    if not 0.5 <= best * each / max(asked, 1e-9) <= 2:
        low, high = min(choices) * each / 1000, max(choices) * each / 1000
        raise Unsupported(
            f"{name} has {low:g} to {high:g} kbit/s, and not {case.bitrate:g}: --bitrate {best * each / 1000:g} is near"
        )
    return best


def codec(case: Any, network: Network, how: str = "float32", **more: Any) -> Codec:
    """The codec of a network, in one of the variants of :data:`impls.codec._variants.VARIANTS`."""
    from impls.codec import _counting, _variants

    if case.channels != network.channels and network.channels > 1:
        raise Unsupported(f"takes {network.channels} channels, not {case.channels}: --case channels={network.channels}")
    torch.set_num_threads(case.threads)
    macs, parameters = _counting.macs_per_second(network), sum(tensor.numel() for tensor in network.weights)
    network, model_bytes = _variants.made(network, how, case)
    packing = Packing(network.sizes)
    entropy = _variants.coder(network, packing, case) if how == "entropy" else None

    def pack(codes: np.ndarray) -> list[bytes]:
        return entropy.pack(codes) if entropy else packing.pack(codes)

    def unpack(packets: list[bytes]) -> np.ndarray:
        return (entropy.unpack if entropy else packing.unpack)(packets)

    def decode_batch(batch: list[list[bytes]]) -> np.ndarray:
        return network.audio(np.stack([unpack(packets) for packets in batch]))

    streamable = network.stream is not None and how in _variants.STREAMED
    about = {
        "delay": network.delay,
        "frame": network.hop,
        "payload_bits": (entropy or packing).payload_bits,
        "stream": (lambda: _streamed(network, packing)) if streamable else None,
        "tolerance": STREAM_TOLERANCE,
        "differentiable": (lambda: _differentiable(network)) if how != "onnx" else None,
        "model_bytes": model_bytes,
        "parameters": parameters,
        "macs": macs,
        "parametric": network.random_weights,
        "random_weights": network.random_weights,
        "channels": network.channels,
        "differences": network.figures,
        "encode_batch": lambda batch: [pack(codes) for codes in network.codes(batch)],
        "decode_batch": decode_batch,
    }
    return Codec(
        network.rate,
        lambda x: pack(network.codes(x[None])[0]),
        lambda packets: network.audio(unpack(packets)[None])[0],
        packing.frame_bits * network.rate / network.hop,
        **{**about, **more},
    )


def _differentiable(network: Network) -> Callable[[Tensor], Tensor]:
    """A round trip of whole frames, as in :meth:`Network.codes`, without indices."""

    def trip(x: Tensor) -> Tensor:
        x = nn.functional.pad(x, (0, -x.shape[-1] % network.hop))
        return network.decoder(network.straight(network.encoder(x)))

    return trip


def _streamed(network: Network, packing: Packing) -> Callable[[np.ndarray], np.ndarray]:
    """Frame by frame, by way of packets, as a call would: a fresh state at each start."""
    assert network.stream is not None
    encode, decode = network.stream()

    @torch.inference_mode()
    def feed(frame: np.ndarray) -> np.ndarray:
        latents = encode(torch.from_numpy(np.ascontiguousarray(frame[None], np.float32)).to(network.device))
        if not latents.shape[-1]:
            return np.zeros((network.channels, 0), np.float32)
        packets = packing.pack(network.quantize(latents)[0].cpu().numpy())
        codes = torch.from_numpy(packing.unpack(packets)[None]).to(network.device)
        return decode(network.dequantize(codes))[0].cpu().numpy()

    return feed


def with_parts(network: Network, encoder: Any, decoder: Any, **figures: float) -> Network:
    """The same network with encoder and decoder in another form. ``stream``, made of the former ones, is gone."""
    return replace(network, encoder=encoder, decoder=decoder, stream=None, figures={**network.figures, **figures})
