"""`python -m tasks` starts a worker, `… flower` Flower; `… bench` measures this host, `… recompute` repeats jobs."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

_EX_CONFIG = 78


def main() -> int:
    """Start the process. Returns 78 when `config` is another program's package, which Python finds before ours."""
    spec = importlib.util.find_spec("config")
    place = spec.origin if spec is not None else None
    if place is None or Path(place).resolve().parents[1] != Path(__file__).resolve().parents[1]:
        advice = "give it a venv of its own, without PYTHONPATH"
        print(f"{place or 'package config'} is not a part of neonet-fleet: {advice}", file=sys.stderr)
        return _EX_CONFIG
    code: int = importlib.import_module("tasks.start").main()
    return code


if __name__ == "__main__":
    sys.exit(main())
