"""`python -m bench [PART …]`: runs the named parts, prints a table and writes bench/out/results.json.

Unless parts are named, all run but `income` and `forecast`, which take an hour each, `detection` and `routing`.
`--plots FOLDER` draws the plots of the results. `--document FILE` puts table, machine and date between the two marks
of a document.
`make bench ARGS='--plots docs/img --document docs/performance.md'` updates the docs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.detection import detection
from bench.engines import engines
from bench.forecast import forecast
from bench.full_flow import Overhead, efficiency, full_flow
from bench.growth import growth
from bench.income import income
from bench.kernels import kernels
from bench.ledger import ledger
from bench.limited import budget, sessions
from bench.machine import machine
from bench.page import page
from bench.queues import PYTHON, queues
from bench.routing import routing
from bench.rows import ImpossibleFigureError, Row, inserted, markdown, table
from bench.signatures import signatures
from bench.snapshot import snapshot
from bench.start import starts
from bench.wide_area import wide_area
from fleet.status.progress_bar import ProgressBar

_overhead = Overhead()
PARTS: dict[str, Callable[[], list[Row]]] = {
    "flow": full_flow,
    "efficiency": efficiency,
    "engines": engines,
    "peers": queues,
    "kernels": kernels,
    "ledger": ledger,
    "growth": growth,
    "start": starts,
    "snapshot": snapshot,
    "page": page,
    "signatures": signatures,
    "wide-area": wide_area,
    "detection": detection,
    "routing": routing,
    "budget": budget,
    "sessions": sessions,
    "income": income,
    "forecast": forecast,
    # last, since it also needs the measurements made between the other parts
    "overhead": _overhead.rows,
}
#: parts before which the overhead is measured, so that its measurements are minutes apart
_LOOKS = frozenset(("flow", "peers", "ledger", "start", "budget", "overhead"))
#: parts that are measured only if they are named: two take an hour each, one stops and kills processes, one 9 minutes
_BY_NAME = frozenset(("income", "forecast", "detection", "routing"))
_UNNAMED = f"all but {', '.join(part for part in PARTS if part in _BY_NAME)} unless named"
RESULTS = Path(__file__).parent / "out" / "results.json"


def main() -> int:
    """Measure, print the table and write the rows. Returns the exit code.

    It is 1 when a part could not be measured, which does not affect the other parts' rows, and after an impossible
    figure, which stops the bench.
    """
    options = _options()
    where, rows, failed = machine(), [], []
    parts = options.parts or [part for part in PARTS if part not in _BY_NAME]
    steps, bar = list(_steps(parts)), ProgressBar(sys.stderr)
    for number, (part, measure) in enumerate(steps):
        started = time.monotonic()
        # the bar stands where the end of the line would come
        seen = bar.show(f"measuring {part}", number, len(steps), f"part {number + 1} of {len(steps)}")
        print("" if seen else f"measuring {part} …", end="" if seen else " ", flush=True)
        try:
            rows += measure()
        except ImpossibleFigureError as exc:
            print(f"\n{exc}\nThe bench stops: what measured this is wrong. Nothing is written to a document.")
            return 1
        except Exception as exc:  # noqa: BLE001 - whatever it was, the other parts are measured
            failed.append(f"{part} could not be measured: {exc}")
            print(f"failed: {exc}", end=" ")
        bar.end()
        print(f"{f'{part}: ' if seen else ''}{time.monotonic() - started:.0f} s", flush=True)
        _save(where, rows)
    words = "\n".join([_words(where), *(text.splitlines()[0] for text in failed)])
    print(table(rows))
    print(words)
    if options.document:
        text = options.document.read_text(encoding="utf-8")
        options.document.write_text(inserted(text, f"{words}\n\n{markdown(rows)}"), encoding="utf-8")
    if options.plots:
        subprocess.run([PYTHON, "-m", "bench.plots", str(RESULTS), str(options.plots)], check=True)
    return int(bool(failed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the farm.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; {_UNNAMED}")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the pictures there")
    parser.add_argument("--document", type=Path, metavar="FILE", help="put the table there, between its marks")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]!r}: it is one of {', '.join(PARTS)}")
    return options


def _steps(parts: Sequence[str]) -> Iterator[tuple[str, Callable[[], list[Row]]]]:
    for part in parts:
        if "overhead" in parts and part in _LOOKS:
            yield "overhead", _overhead.look
        yield part, PARTS[part]


def _save(where: dict[str, str], rows: list[Row]) -> None:
    stated = {"machine": where, "rows": [row.stated() for row in rows]}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(stated, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _words(where: dict[str, str]) -> str:
    return " · ".join(f"{name}: {words}" for name, words in where.items())


if __name__ == "__main__":
    sys.exit(main())
