"""The profiles that are kept beside runs, as a section of their report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.profiling.wish import RECORD, Profile
from bench.report.profile_table import HEADINGS, cells, columns, short, title
from bench.results import Results

SHOWN = 5  # rows of each; the record has all


@dataclass(frozen=True)
class Kept:
    """A profile, and the folder where its files lie now."""

    profile: Profile
    folder: Path

    @property
    def title(self) -> str:
        return title(self.profile)

    @property
    def headings(self) -> list[str]:
        return ["where", *(HEADINGS[name] for name in columns(self.profile.hot))]

    @property
    def rows(self) -> list[list[str]]:
        names = columns(self.profile.hot)
        return [[short(hot.name), *cells(hot, names)] for hot in self.profile.hot[:SHOWN]]

    def links(self, start: Path) -> list[tuple[str, str]]:
        """(name, address) of its files, for a page in the folder ``start``."""
        return [(name, os.path.relpath(self.folder / name, start)) for name in (*self.profile.files, RECORD)]


def gather(results: Sequence[Results]) -> list[Kept]:
    """Raises ValueError where a record cannot be read."""
    folders = [result.path for result in results if result.path]
    records = [record for folder in folders for record in sorted(folder.glob(f"profiles/*/{RECORD}"))]
    return [Kept(Profile.read(record), record.parent) for record in records]
