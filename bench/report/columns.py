"""docs/columns.md from the code: ``python -m bench.report.columns > docs/columns.md``."""

from __future__ import annotations

from collections.abc import Mapping

from bench.core import STATUSES
from bench.report.marks import text
from bench.results import COLUMNS, SUMMARY
from bench.scores import FRAME_COLUMNS, SCORE_COLUMNS


def page() -> str:
    """Every column of a row, of a summary and of a score, and every status."""
    return f"""# Columns

Written by `python -m bench.report.columns > docs/columns.md`; the code is where a column is documented.

## A row: `rows.jsonl`, `rows.parquet`, `Results.load(path).frame()`

One operation of one implementation in one process. Units are in the names: `_ns` nanoseconds, `_bytes` bytes.
In `rows.parquet` the columns `case` and `quality` are JSON texts.

{_table("column", COLUMNS)}

## A summary: `Results.load(path).summary()`, and the data inside `report.html`

One implementation, case and operation, over all its processes.

{_table("column", SUMMARY)}

## A score: `scores.jsonl`, `bench.scores.frame(path)`

One clip of the corpus through one codec in one case.

{_table("column", SCORE_COLUMNS)}

In the table, `values` and `wer` become columns of their own:

{_table("column", FRAME_COLUMNS)}

## Statuses

{_table("status", STATUSES)}
"""


def _table(what: str, documented: Mapping[str, str]) -> str:
    rows = (f"| `{name}` | {text(meaning)} |" for name, meaning in documented.items())
    return "\n".join([f"| {what} | meaning |", "| :-- | :-- |", *rows])


if __name__ == "__main__":
    print(page(), end="")
