"""Tables for spreadsheets and databases: CSV, JSON and Parquet."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from fleet.commands.exits import EX_UNAVAILABLE, Failure

#: rows written to Parquet at once
_BATCH = 50_000


def inert(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} and not _is_number(text) else text


def write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a header and the rows, each cell inert; how many rows."""
    writer = csv.writer(out)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
        count += 1
    return count


def write_json(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write one array of objects, one a line; how many."""
    out.write("[")
    count = 0
    for row in rows:
        out.write((",\n " if count else "\n ") + json.dumps(dict(zip(columns, row, strict=True))))
        count += 1
    out.write("\n]\n" if count else "]\n")
    return count


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a Parquet file of text columns, in which amounts keep their last digit; how many rows.

    Raises Failure without pyarrow.
    """
    try:
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as exc:
        raise Failure("--parquet needs pyarrow: pip install 'neonet-fleet[parquet]'", EX_UNAVAILABLE) from exc
    schema = arrow.schema([(name, arrow.string()) for name in columns])
    iterator, count = iter(rows), 0
    with parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(iterator, _BATCH)):
            writer.write_table(arrow.table([list(column) for column in zip(*batch, strict=True)], schema=schema))
            count += len(batch)
    return count


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text[:1] in {"-", "+"} and text[1:2].isdigit()
