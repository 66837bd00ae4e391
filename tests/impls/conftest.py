"""What the tests of implementations share: a codec of the registry, made for a case."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest

from bench import Case, Codec, Unsupported
from bench.registry import load


@pytest.fixture
def codec() -> Callable[..., Codec]:
    """``codec(name, bitrate, sample_rate, channels)``; the test is skipped where it cannot run here."""

    def make(name: str, bitrate: float, sample_rate: int = 16000, channels: int = 1) -> Codec:
        implementation = load().find("codec", name)
        params = {"bitrate": bitrate, "sample_rate": sample_rate, "channels": channels, "seconds": 1.0}
        try:
            for module in implementation.requires:
                importlib.import_module(module)
            return implementation.make(Case("codec", params), **implementation.variant)
        except (ImportError, Unsupported) as reason:
            pytest.skip(str(reason))

    return make
