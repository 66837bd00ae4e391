"""The range coder of codec indices: it gives back what it was given, in as many bits as information theory allows."""

from __future__ import annotations

import numpy as np
import pytest

from bench.registry import load

load()  # makes `impls` importable
pytest.importorskip("constriction")
from impls.nets._entropy import IndexCoder, fixed_bits, statistics  # noqa: E402


def draw(frames: int, seed: int = 0) -> np.ndarray:
    """Four codebooks of 1024, from even to very uneven."""
    random, index = np.random.default_rng(seed), np.arange(1024)
    shares = [np.exp(-index / scale) for scale in (1e9, 500, 50, 2)]
    return np.stack([random.choice(1024, frames, p=share / share.sum()) for share in shares])


def test_round_trip_at_the_length_that_the_statistics_promise() -> None:
    coder, codes = IndexCoder(statistics(draw(20000), 1024)), draw(3000, seed=1)
    payload = coder.encode(codes)
    np.testing.assert_array_equal(coder.decode(payload, 3000), codes)
    assert coder.bits(codes) <= 8 * len(payload) + 1e-9 < 1.002 * coder.bits(codes) + 64
    assert 8 * len(payload) < 0.8 * fixed_bits(codes.shape, 1024) == 0.8 * 120000


def test_length_is_the_entropy_where_the_statistics_are_of_the_codes_themselves() -> None:
    codes = draw(50000)[2:3]
    share = np.bincount(codes[0]) / codes.size
    entropy = -(share[share > 0] * np.log2(share[share > 0])).sum()
    assert IndexCoder(statistics(codes, 1024)).bits(codes) / codes.size == pytest.approx(entropy, rel=0.01)


def test_an_index_never_seen_can_be_sent_and_fewer_codebooks_too() -> None:
    coder = IndexCoder(statistics(np.zeros((2, 100), np.int32), [1024, 3]))
    codes = np.array([[1023, 0, 512], [2, 0, 1]])
    np.testing.assert_array_equal(coder.decode(coder.encode(codes), 3), codes)
    np.testing.assert_array_equal(coder.decode(coder.encode(codes[:1]), 3, codebooks=1), codes[:1])
    assert coder.encode(codes[:, :0]) == b"" and coder.decode(b"", 0).shape == (2, 0)
    assert fixed_bits((2, 100), [1024, 3]) == 1200


def test_wrong_codes_and_cut_payloads_are_said() -> None:
    coder = IndexCoder(statistics(draw(100), 1024))
    for codes, said in (
        (np.full((4, 3), 1024), "codebook 0 has codes from 1024 to 1024, not from 0 to 1023"),
        (np.zeros((5, 3), int), "shape"),
        (np.zeros((4, 3)), "integers"),
    ):
        with pytest.raises(ValueError, match=said):
            coder.encode(codes)
    with pytest.raises(ValueError, match="was cut"):
        coder.decode(coder.encode(draw(100))[:-1], 100)
