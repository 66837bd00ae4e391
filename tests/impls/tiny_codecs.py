"""The neural codecs at a thousandth of their size: the same layers, few of each."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from bench import Case, Codec
from bench.signals import stream

ENCODEC = {"num_filters": 2, "hidden_size": 8, "codebook_size": 16, "target_bandwidths": (0.6, 1.2)}
MIMI = {
    "num_filters": 2, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2,
    "head_dim": 8, "intermediate_size": 32, "codebook_size": 16, "codebook_dim": 8, "num_quantizers": 4,
    "vector_quantization_hidden_dimension": 8, "upsample_groups": 16, "sliding_window": 8,
}  # fmt: skip
DAC = {"encoder_hidden_size": 2, "decoder_hidden_size": 32, "n_codebooks": 3, "codebook_size": 16}
SNAC = {"encoder_dim": 2, "decoder_dim": 32, "codebook_size": 16}
BITRATES = {"encodec": 1.2, "causal": 1.2, "mimi": 0.15, "dac": 0.6, "encodec48": 2.4, "snac": 0.33}


def case(bitrate: float = 1.2, channels: int = 1, **more: Any) -> Case:
    params = {"bitrate": bitrate, "sample_rate": 24000, "channels": channels, "seconds": 1.0}
    return Case("codec", params, **more)


def network(name: str, wanted: Case | None = None, **changes: Any) -> Any:
    from impls.codec import _dac, _encodec, _mimi

    wanted = wanted or case(BITRATES[name], 2 if name == "encodec48" else 1)
    if name == "mimi":
        return _mimi.network(wanted, **MIMI)
    if name == "dac":
        return _dac.network(wanted, _dac.PUBLISHED[16], **DAC)
    if name == "snac":
        from impls.codec import _snac

        return _snac.network(wanted, _snac.PUBLISHED[24], **SNAC)
    if name == "encodec48":
        return _encodec.network(wanted, _encodec.PUBLISHED_48, **ENCODEC | {"target_bandwidths": (1.2, 2.4)})
    changes |= {"pad_mode": "constant"} if name == "causal" else {}
    return _encodec.network(wanted, _encodec.PUBLISHED_24, **ENCODEC, **changes)


@cache
def codec(name: str, how: str = "float32") -> Codec:
    from impls.codec import _neural, _segments

    wanted = case(BITRATES[name], 2 if name == "encodec48" else 1)
    if name == "encodec48":
        return _segments.segmented(wanted, network(name), 48000, 480, how)
    return _neural.codec(wanted, network(name), how)


def made(name: str, how: str = "float32") -> Codec:
    """The codec; the test is skipped where its library is not there."""
    if name == "snac":
        pytest.importorskip("snac")
    return codec(name, how)


def sound(codec: Codec, seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    """(channels, samples) at the codec's rate."""
    return np.stack([stream(round(seconds * codec.rate), codec.rate, seed + n) for n in range(codec.channels)])
