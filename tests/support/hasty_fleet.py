"""`python -m tests.support.hasty_fleet PATIENCE_S STALL ARGS…` is `fleet ARGS…` that waits less for what stands still.

Once the file STALL is there, a coordinator's loop has hung for good, as in a write that never returns.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from fleet.cli import main
from fleet.coordinator import alive_file, watchdog
from fleet.local import liveness

_PATIENCE_S, _STALL = float(sys.argv[1]), Path(sys.argv[2])
_tick = alive_file.AliveFile.tick


def _stand_still(self: alive_file.AliveFile, farm: Any, now: float) -> None:
    if _STALL.exists():
        time.sleep(600)
    _tick(self, farm, now)


if __name__ == "__main__":
    alive_file.AliveFile.tick = _stand_still  # type: ignore[method-assign]
    alive_file._PATIENCE_S = liveness.PATIENCE_S = _PATIENCE_S
    watchdog.PERIOD_S = _PATIENCE_S / 10
    sys.argv[1:3] = []
    sys.exit(main())
