"""Time of each kernel, on data as the servers send it, against the bare work it can't do without.

    python -m bench.kernels [--json FILE] [--rounds N]

Every figure comes from one fresh process with one BLAS thread (`bench.kernel_times` says how). Three rows a job:
`… compute` is all that a worker does for the job (read `data`, seed the generator, kernel) as a multiple of one
512×512 float32 product of the same round, beside what the original client takes; `… kernel` is seeding and kernel as
a multiple of the bare work (`bench.bare_work`); `… time` is the whole in microseconds. The spread is the distance of
the quartiles as a share of the median.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
COLUMNS = ("name", "value", "unit", "target", "reached", "peer", "spread")

Row = dict[str, Any]


def main() -> None:
    """Measure, print the table, write the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.kernels", description="Time the kernels.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="rounds, 15 unless told (some 2 s each)")
    options = parser.parse_args()
    rows = measured(options.rounds)
    print(table(rows))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measured(rounds: int) -> list[Row]:
    """The rows, measured in a fresh process with one BLAS thread."""
    answer = subprocess.run(
        [sys.executable, "-m", "bench.kernel_times", str(rounds)],
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        encoding="utf-8",
    )
    rows: list[Row] = json.loads(answer.stdout)
    return rows


def table(rows: list[Row]) -> str:
    """The rows as aligned text."""
    lines = [COLUMNS, *[tuple(_shown(row[column]) for column in COLUMNS) for row in rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        f"{value:.3g}"
        if isinstance(value, float) and value < 1000
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )


if __name__ == "__main__":
    main()
