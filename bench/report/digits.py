"""Small texts: numbers as people read them, one unit a table, a dash where nothing is known, names safe in files."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

NOTHING = "–"


@dataclass(frozen=True)
class Unit:
    """A unit of time and how many of it make a millisecond."""

    name: str
    per_ms: float


UNITS = (Unit("ns", 1e6), Unit("µs", 1e3), Unit("ms", 1.0), Unit("s", 1e-3))


def time_unit(values_ms: Iterable[float | None]) -> Unit:
    """The largest unit in which the middle value is at least 1.

    >>> time_unit([0.05, 0.2, 3]).name, time_unit([1500.0]).name
    ('µs', 's')
    """
    known = sorted(v for v in values_ms if v)
    middle = known[len(known) // 2] if known else 1.0
    fitting = [u for u in UNITS if middle * u.per_ms >= 1]
    return fitting[-1] if fitting else UNITS[0]


def significant(value: float | None, digits: int = 3) -> str:
    """Plain digits where they can be read at a glance, an exponent where they cannot.

    >>> [significant(v) for v in (-0.0, 0.01234, 1.2, 99.96, 1234.5, 4.56e-8, 123456789, None)]
    ['0', '0.0123', '1.20', '100', '1,230', '4.6e-08', '1.23e+08', '–']
    """
    if value is None or math.isnan(value):
        return NOTHING
    if value == 0 or math.isinf(value):
        return f"{value + 0.0:g}"  # no minus before a zero
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if exponent < -3:
        return f"{value:.1e}"
    if exponent >= 7:
        return f"{value:.{digits - 1}e}"
    return f"{round(value, digits - 1 - exponent):,.{max(0, digits - 1 - exponent)}f}"


def digits_for(value: float, low: float, high: float) -> int:
    """Significant digits with which an interval's ends can be told from its middle: 3 to 5.

    >>> digits_for(1.2345, 1.23, 1.24), digits_for(1.2345, 1.0, 1.5)
    (4, 3)
    """
    half = (high - low) / 2
    if half <= 0 or value <= 0:
        return 3
    return min(5, max(3, math.ceil(math.log10(value / half)) + 1))


def spread_percent(value: float | None, low: float | None, high: float | None) -> str:
    """The larger side of an interval in percent of its middle: ``±0.8%``."""
    if not value or low is None or high is None:
        return ""
    percent = 100 * max(value - low, high - value) / value
    return f"±{percent:.1f}%" if percent < 9.95 else f"±{percent:.0f}%"


def counted(number: int, noun: str) -> str:
    """``1 case``, ``3 cases``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def slug(*parts: str) -> str:
    """A file name that is safe anywhere; what it loses is made up for by a short checksum of the whole."""
    text = " ".join(parts)
    short = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
    return f"{short}-{zlib.crc32(text.encode()):08x}"
