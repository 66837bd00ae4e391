"""A store of points in one file, Parquet or DuckDB: what remains when run directories are thrown away."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from bench.history.points import COLUMNS, Point, as_dicts
from bench.plan import Usage

KINDS = (".parquet", ".duckdb")
TABLE = "points"


def is_archive(path: Path) -> bool:
    return path.suffix in KINDS


def read(path: Path) -> list[Point]:
    """The points of a store. Raises :class:`Usage` where the file is none, or is damaged."""
    if not path.is_file():
        raise Usage(f"there is no file {path}; bench history results --save {path} makes it")
    try:
        lines = _read_duckdb(path) if path.suffix == ".duckdb" else _read_parquet(path)
        return [Point(**{k: v for k, v in line.items() if k in COLUMNS}) for line in lines]
    except Usage:
        raise
    except Exception as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Usage(f"{path} is not a store of bench history ({text})") from None


def write(path: Path, points: Sequence[Point]) -> None:
    """The whole store anew, or the old one as it was. Raises :class:`Usage` for another kind of file."""
    if path.suffix not in KINDS:
        raise Usage(f"{path} cannot be a store; end its name in {' or '.join(KINDS)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        (_write_duckdb if path.suffix == ".duckdb" else _write_parquet)(fresh, points)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _table(points: Sequence[Point]) -> Any:
    """With the type of every column stated, so that a column of nothing but None has one too."""
    import pyarrow as pa

    kinds = {"str": pa.string(), "int": pa.int64(), "int | None": pa.int64(), "float | None": pa.float64()}
    schema = pa.schema([(f.name, kinds[str(f.type)]) for f in fields(Point)])
    return pa.Table.from_pylist(as_dicts(points), schema=schema)


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    from pyarrow import parquet

    return list(parquet.read_table(path).to_pylist())


def _write_parquet(path: Path, points: Sequence[Point]) -> None:
    from pyarrow import parquet

    parquet.write_table(_table(points), path)


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise Usage("a .duckdb store needs DuckDB: pip install 'audio-bench[history]'; .parquet does not") from None
    return duckdb


def _read_duckdb(path: Path) -> list[dict[str, Any]]:
    with _duckdb().connect(str(path), read_only=True) as database:
        found = database.execute(f"select * from {TABLE}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, line, strict=True)) for line in found.fetchall()]


def _write_duckdb(path: Path, points: Sequence[Point]) -> None:
    with _duckdb().connect(str(path)) as database:
        database.register("fresh", _table(points))
        database.execute(f"create table {TABLE} as select * from fresh")
