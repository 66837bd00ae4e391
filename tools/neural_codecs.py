"""reports/reference/neural-codecs.md: speed, delay and size of neural codecs here, beside what was published.

usage: python tools/neural_codecs.py RUN... > reports/reference/neural-codecs.md
The runs are those of tools/neural_codecs.sh.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report.digits import significant
from bench.results import Results, Row

NOTES = Path("reports/reference/neural-codecs-notes.md")


@dataclass(frozen=True)
class Claim:
    """A published figure of a codec here: ``op`` and ``column`` of the summary, or a figure of ``quality``."""

    text: str
    impl: str
    op: str
    column: str
    published: str
    conditions: str
    unit: str = ""


LAPTOP = "MacBook Pro 2019, one thread; arXiv 2210.13438"
PHONE = "Pixel 4, one thread; arXiv 2107.03312"
COUNTED = "counted by us from the published hyper-parameters"
CLAIMS = [
    Claim("EnCodec 24 kHz, 6 kbit/s: encode", "encodec", "encode", "x_realtime", "9.8", LAPTOP, "x"),
    Claim("EnCodec 24 kHz, 6 kbit/s: decode", "encodec", "decode", "x_realtime", "10.4", LAPTOP, "x"),
    Claim("the same, entropy-coded: encode", "encodec:entropy", "encode", "x_realtime", "1.6", LAPTOP, "x"),
    Claim("the same, entropy-coded: decode", "encodec:entropy", "decode", "x_realtime", "1.6", LAPTOP, "x"),
    Claim("EnCodec 48 kHz, stereo: encode", "encodec48", "encode", "x_realtime", "6.8", LAPTOP, "x"),
    Claim("EnCodec 48 kHz, stereo: decode", "encodec48", "decode", "x_realtime", "5.1", LAPTOP, "x"),
    Claim("SoundStream: encode", "soundstream", "encode", "x_realtime", "2.4", PHONE, "x"),
    Claim("SoundStream: decode", "soundstream", "decode", "x_realtime", "2.3", PHONE, "x"),
    Claim("EnCodec 24 kHz: delay", "encodec", "decode", "declared_delay_ms", "13.3", "arXiv 2210.13438", "ms"),
    Claim("Mimi: delay", "mimi", "decode", "declared_delay_ms", "80", "arXiv 2410.00037", "ms"),
    Claim("SoundStream: delay", "soundstream", "decode", "declared_delay_ms", "13.3", "arXiv 2107.03312", "ms"),
    Claim("EnCodec 24 kHz: numbers trained", "encodec", "decode", "parameters", "14.85 M + 4.19 M", COUNTED, "M"),
    Claim("Mimi: numbers trained", "mimi", "decode", "parameters", "79.3 M + 16.8 M", COUNTED, "M"),
    Claim("DAC 16 kHz: numbers trained", "dac16", "decode", "parameters", "74.2 M", COUNTED, "M"),
    Claim("DAC 44.1 kHz: numbers trained", "dac44", "decode", "parameters", "76.6 M", COUNTED, "M"),
    Claim(
        "DAC 44.1 kHz, 9 codebooks: payload", "dac44", "decode", "nominal_bps", "7752", "descript-audio-codec", "bit/s"
    ),
    Claim("SoundStream: numbers trained", "soundstream", "decode", "parameters", "8.4 M", "arXiv 2107.03312", "M"),
]
CONFORMER = "about {}% more; the plan of this codec"
SIDES = {"bsq_vit:conformer": "in the encoder", "bsq_vit:conformer2": "on both sides"}
SCALES = {"M": 1e-6}
TABLE = {
    "encode": ("encode", "x_realtime", 1.0), "decode": ("decode", "x_realtime", 1.0),
    "frame p50, ms": ("stream", "median_ms", 1.0), "late, %": ("stream", "deadline_misses", 100.0),
    "memory, MB": ("encode", "memory_mb", 1.0), "kbit/s": ("decode", "payload_bps", 1e-3),
    "numbers, M": ("decode", "parameters", 1e-6), "size, MB": ("decode", "model_bytes", 1e-6),
    "GMAC/s": ("decode", "macs_per_second", 1e-9), "indices that differ, %": ("decode", "indices_differ", 100.0),
    "audio against float32, dB": ("decode", "audio_snr_db", 1.0),
}  # fmt: skip


def find(summary: Sequence[Mapping[str, Any]], impl: str, op: str, column: str) -> float | None:
    """The figure of an implementation, None where it was not measured."""
    for line in summary:
        if (line["impl"], line["op"]) == (impl, op) and line["status"] in ("ok", "unstable"):
            value = line.get(column, (line["quality"] or {}).get(column))
            return None if value is None or value != value else float(value)
    return None


def span(summary: Sequence[Mapping[str, Any]], impl: str, op: str) -> str:
    """The 95% interval of a speed: ``, 8.2 to 10.8``; empty where the summary has none."""
    for line in summary:
        if (line["impl"], line["op"]) == (impl, op) and line.get("low_ms") and line.get("high_ms"):
            ends = (line["x_realtime"] * line["median_ms"] / line[name] for name in ("high_ms", "low_ms"))
            return f", {' to '.join(significant(end) for end in ends)}"
    return ""


def compared(summary: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    yield "| what | published | here, 95% interval | | published under |\n| :-- | --: | --: | :-- | :-- |"
    for c in CLAIMS:
        value = find(summary, c.impl, c.op, c.column)
        here = "not measured" if value is None else significant(value * SCALES.get(c.unit, 1.0))
        if value is not None and c.unit == "x":
            here += span(summary, c.impl, c.op)
        yield f"| {c.text} | {c.published} | {here} | {c.unit.replace('x', '× real time')} | {c.conditions} |"


def conformers(summary: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """What the Conformer convolution costs: of times the range that both intervals allow; measured side by side."""
    by = {(line["impl"], line["op"]): line for line in summary}
    for impl, where in SIDES.items():
        numbers = [find(summary, name, "decode", "parameters") for name in (impl, "bsq_vit")]
        if numbers[0] and numbers[1]:
            more = significant(100 * (numbers[0] / numbers[1] - 1))
            yield f"| BSQ-ViT, Conformer {where}: numbers | {CONFORMER.format(15)} | {more} | % more | counted |"
        for op in ("encode", "decode"):
            new, base = by.get((impl, op), {}), by.get(("bsq_vit", op), {})
            if not (new.get("low_ms") and base.get("low_ms")):
                continue
            ratios = (
                new["median_ms"] / base["median_ms"],
                new["low_ms"] / base["high_ms"],
                new["high_ms"] / base["low_ms"],
            )
            value, low, high = (significant(100 * (ratio - 1)) for ratio in ratios)
            yield (
                f"| BSQ-ViT, Conformer {where}: time to {op} | {CONFORMER.format(20)} | {value}, {low} to {high} | "
                "% more | one processor |"
            )


def everything(summary: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    impls = list(dict.fromkeys(line["impl"] for line in summary))
    yield f"| codec | {' | '.join(TABLE)} |\n| :-- |{' --: |' * len(TABLE)}"
    for impl in impls:
        found = [(find(summary, impl, op, column), scale) for op, column, scale in TABLE.values()]
        cells = ["" if value is None else significant(value * scale) for value, scale in found]
        if any(cells):
            yield f"| `{impl}` | {' | '.join(cells)} |"


def failed(rows: Iterable[Row]) -> Iterable[str]:
    """Why something has no figures."""
    said = {(r.impl, r.op, r.status, r.reason): None for r in rows if r.status not in ("ok", "unstable")}
    yield from (f"- `{impl}` {op}: {status}: {reason}" for impl, op, status, reason in said)


def main(runs: Sequence[str]) -> None:
    results = [Results.load(run) for run in runs]
    summary = [line for result in results for line in result.summary().to_dict("records")]
    about = results[0].environment
    print("# Neural codecs: speed, delay and size, beside what is published\n")
    print(
        "Made by `tools/neural_codecs.py` from runs of `bench run codec` (`tools/neural_codecs.sh`). All networks have "
        "seeded weights of the published sizes: how fast a network is does not depend on what it was taught, and its "
        "quality is not shown. One thread.\n"
    )
    print("\n".join([*compared(summary), *conformers(summary)]))
    print(f"\n{NOTES.read_text().strip()}\n\n## Everything measured\n")
    print("\n".join(everything(summary)))
    if reasons := list(failed(row for result in results for row in result.rows)):
        print("\nWithout figures:\n\n" + "\n".join(reasons))
    print(f"\nMachine: {about.get('machine', 'not recorded')} ({about.get('cpu', {}).get('model', 'unknown')}).")


if __name__ == "__main__":
    main(sys.argv[1:])
