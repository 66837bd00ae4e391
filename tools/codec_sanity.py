"""reports/reference/codec-sanity.md: what `bench run codec` measured on real speech, beside published figures.

usage: python tools/codec_sanity.py RUN... > reports/reference/codec-sanity.md
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.quality.summary import summarise
from bench.results import Results
from bench.scores import frame

LISTENED = "8 LibriSpeech utterances, Opus at 6.4, 12.4 and 24.0 kbit/s of payload"
PLANNING = "two clips of speech at 16 kHz, measured when this project was planned"
NOTES = Path("reports/reference/codec-sanity-notes.md")


@dataclass(frozen=True)
class Claim:
    """A published figure: of which implementation, asked for which kbit/s, in which column of the scores."""

    text: str
    impl: str
    bitrate: float
    column: str
    published: float
    source: str
    digits: int = 3


CLAIMS = [
    *(
        Claim(f"Opus {kbps:g} kbit/s, {name}", "opus", kbps, column, value, LISTENED)
        for kbps, stoi, pesq, sdr in ((6, 0.896, 2.27, 2.3), (12, 0.968, 3.84, 11.7), (24, 0.993, 4.48, 18.2))
        for name, column, value in (("STOI", "stoi", stoi), ("PESQ-WB", "pesq_wb", pesq), ("SI-SDR, dB", "si_sdr", sdr))
    ),
    Claim("Opus 12 kbit/s, VBR: payload, bit/s", "opus", 12, "payload_bps", 11758, PLANNING, 0),
    Claim("MP3 32 kbit/s: payload, bit/s", "mp3", 32, "payload_bps", 32495, PLANNING, 0),
    Claim("MP3 32 kbit/s: STOI, not aligned", "mp3", 32, "stoi_raw", 0.600, PLANNING),
    Claim("MP3 32 kbit/s: STOI, aligned", "mp3", 32, "stoi", 0.990, PLANNING),
    Claim("MP3 32 kbit/s: SI-SDR, not aligned, dB", "mp3", 32, "si_sdr_raw", -30.7, PLANNING, 1),
    Claim("MP3 32 kbit/s: SI-SDR, aligned, dB", "mp3", 32, "si_sdr", 15.8, PLANNING, 1),
    Claim("AAC 16 kbit/s: STOI, not aligned", "aac", 16, "stoi_raw", 0.235, PLANNING),
    Claim("AAC 16 kbit/s: STOI, aligned", "aac", 16, "stoi", 0.966, PLANNING),
    Claim("AAC 16 kbit/s: lag, samples at 16 kHz", "aac", 16, "delay_samples", 1024, PLANNING, 0),
    Claim("LC3 16 kbit/s: payload, bit/s", "lc3", 16, "payload_bps", 16003, PLANNING, 0),
    Claim("LC3 16 kbit/s: STOI, aligned", "lc3", 16, "stoi", 0.957, PLANNING),
    Claim("LC3: algorithmic delay, ms (a frame of 10, and 2.5)", "lc3", 16, "algorithmic_delay_ms", 12.5, "LC3", 1),
    Claim("AMR-NB 4.75: container less payload, bit/s", "amrnb", 4.75, "header_bps", 400, "RFC 4867, 5.3", 0),
    Claim("AMR-NB 4.75: STOI, aligned", "amrnb", 4.75, "stoi", 0.905, PLANNING),
    Claim("Codec2 3200: payload, bit/s", "codec2", 3.2, "payload_bps", 3205, PLANNING, 0),
    Claim("Codec2 3200: STOI, aligned", "codec2", 3.2, "stoi", 0.859, PLANNING),
    Claim("8 kHz and back: PESQ-WB of changing the rate alone", "passthrough:8k", 12, "pesq_wb", 3.60, PLANNING, 2),
    Claim("24 kHz and back: PESQ-WB of changing the rate alone", "passthrough:24k", 12, "pesq_wb", 4.62, PLANNING, 2),
]


def read(folder: str) -> pd.DataFrame:
    """The scores of one run, with the bits that a container adds."""
    table = frame(folder)
    return table.assign(header_bps=table.container_bps - table.payload_bps)


def line(claim: Claim, scores: pd.DataFrame) -> str:
    """One row of the table: what was published, and the mean here with its interval over speakers."""
    rows = scores[(scores.impl == claim.impl) & (scores.bitrate == claim.bitrate)]
    measured = [None if pd.isna(value) else float(value) for value in rows[claim.column]]
    found = summarise(measured, list(rows.speaker))
    if found.mean is None:
        here = "not measured"
    else:
        low, mean, high = (f"{v:.{claim.digits}f}" for v in (found.low, found.mean, found.high))
        here = f"{mean} [{low}, {high}]"
    return f"| {claim.text} | {claim.published:g} | {here} | {found.n} | {claim.source} |"


def main(runs: list[str]) -> None:
    scores = pd.concat([read(run) for run in runs], ignore_index=True)
    clips = scores.drop_duplicates("clip")
    environment = Results.load(runs[0]).environment
    print("# Codecs: what is measured here, beside what is published\n")
    print(
        f"Made by `tools/codec_sanity.py` from {len(runs)} runs of `bench run codec` over {len(clips)} clips of "
        f"{clips.speaker.nunique()} speakers ({clips.seconds.sum():.0f} s, 16 kHz). In brackets the 95% interval over "
        "speakers. All figures are of the aligned signal unless the row says otherwise.\n"
    )
    print("| what | published | here | clips | source |\n| :-- | --: | --: | --: | :-- |")
    for claim in CLAIMS:
        print(line(claim, scores))
    print(f"\n{NOTES.read_text().strip()}\n")
    print(f"Machine: {environment.get('machine', 'not recorded')}.")


if __name__ == "__main__":
    main(sys.argv[1:])
