"""`python -m tests.support.hasty_fleet PATIENCE_S STALL ARGS…`: `fleet ARGS…` that soon gives up on a stuck part.

Once the file STALL exists, the coordinator's loop hangs, as in a write that never returns.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from fleet.cli import main
from fleet.coordinator import alive_file, watchdog
from fleet.local import liveness, supervisor

_PATIENCE_S, _STALL = float(sys.argv[1]), Path(sys.argv[2])
_tick = alive_file.AliveFile.tick


def _stand_still(self: alive_file.AliveFile, farm: Any, now: float) -> None:
    if _STALL.exists():
        time.sleep(600)
    _tick(self, farm, now)


if __name__ == "__main__":
    alive_file.AliveFile.tick = _stand_still  # type: ignore[method-assign]
    alive_file._PATIENCE_S = liveness.PATIENCE_S = _PATIENCE_S
    supervisor._SILENT_S = _PATIENCE_S / 2
    watchdog.PERIOD_S = _PATIENCE_S / 10
    sys.argv[1:3] = []
    sys.exit(main())
