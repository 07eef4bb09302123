"""Starts the `fleet` command, once `config` and `tasks` are known to be its own. Also run by `python -m fleet`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

_EX_CONFIG = 78


def main() -> int:
    """Run the command and return its exit code: 78 when Python finds another program's package before one of ours."""
    for name in ("config", "tasks"):
        spec = importlib.util.find_spec(name)
        place = spec.origin if spec is not None else None
        if place is None or Path(place).resolve().parents[1] != Path(__file__).resolve().parents[1]:
            advice = "run it by uvx or pipx, or in a venv of its own, without PYTHONPATH"
            print(f"fleet: {place or f'package {name}'} is not a part of neonet-fleet: {advice}", file=sys.stderr)
            return _EX_CONFIG
    code: int = importlib.import_module("fleet.cli").main()
    return code


if __name__ == "__main__":
    sys.exit(main())
