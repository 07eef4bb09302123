"""`python -m bench [PART …]`: every part, or those named; a table, and the rows in bench/out/results.json."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from bench import farms, kernels

PARTS: dict[str, Callable[[], list[kernels.Row]]] = {
    "overhead": farms.overhead,
    "flow": farms.flow,
    "kernels": lambda: kernels.measured(9),
}
RESULTS = Path(__file__).parent / "out" / "results.json"


def main() -> None:
    """Measure, print the table, write the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the farm.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"one of {', '.join(PARTS)}")
    rows = []
    for part in parser.parse_args().parts or PARTS:
        print(f"measuring {part} …", flush=True)
        rows += PARTS[part]()
    print(kernels.table(rows))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
