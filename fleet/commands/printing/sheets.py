"""Writes tables for spreadsheets and databases: CSV, JSON and Parquet."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from fleet.commands.exits import EX_UNAVAILABLE, Failure

#: number of rows written to Parquet at once
_BATCH = 50_000


#: Unicode's categories of control and formatting characters
_WIDTHLESS = frozenset({"Cc", "Cf"})
#: characters that start a formula in spreadsheets, beside those that NFKC maps to `=`, `+`, `-` or `@`
_FORMULA = frozenset("=+-@\u2212\t\r\n")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def inert(text: str) -> str:
    """A cell that no spreadsheet interprets as a formula: a text that might be one is prefixed with `'`.

    A text that already has such quotes before a possible formula gets one more, so that different texts give different
    cells and `restored` recovers each.
    """
    return f"'{text}" if _is_dangerous(text) else text


def restored(cell: str) -> str:
    """The text that `inert` turned into this cell."""
    return cell[1:] if cell.startswith("'") and _is_dangerous(cell) else cell


def _is_dangerous(text: str) -> bool:
    """Whether a spreadsheet might run a text, even after quotes, spaces or zero-width characters."""
    if _NUMBER.fullmatch(text):
        return False
    for character in text:
        if character in _FORMULA or unicodedata.normalize("NFKC", character) in _FORMULA:
            return True
        if not (character == "'" or character.isspace() or unicodedata.category(character) in _WIDTHLESS):
            return False
    return False


def piped() -> TextIO:
    """Stdout for a sheet, always in UTF-8 so that no text is lost, whatever the terminal's encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a header and the rows, with each cell inert. Returns the number of rows."""
    writer = csv.writer(out)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
        count += 1
    return count


def write_json(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write one array of objects, one per line. Returns their number."""
    out.write("[")
    count = 0
    for row in rows:
        out.write((",\n " if count else "\n ") + json.dumps(dict(zip(columns, row, strict=True))))
        count += 1
    out.write("\n]\n" if count else "]\n")
    return count


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a Parquet file of text columns, in which amounts keep every digit. Returns the number of rows.

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
