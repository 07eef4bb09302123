"""`python -m tests.support.hasty_fleet PATIENCE_S STALL ARGS…` is `fleet ARGS…` that waits less for what stands still.

Once the file STALL is there, a coordinator's loop stands still for good, as in a write that never returns.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from fleet.cli import main
from fleet.coordinator import alive_file as pulse
from fleet.coordinator import watchdog
from fleet.local import stillness

_PATIENCE_S, _STALL = float(sys.argv[1]), Path(sys.argv[2])
_tick = pulse.Pulse.tick


def _stand_still(self: pulse.Pulse, farm: Any, now: float) -> None:
    if _STALL.exists():
        time.sleep(600)
    _tick(self, farm, now)


if __name__ == "__main__":
    pulse.Pulse.tick = _stand_still  # type: ignore[method-assign]
    pulse._PATIENCE_S = stillness.PATIENCE_S = _PATIENCE_S
    watchdog.PERIOD_S = _PATIENCE_S / 10
    sys.argv[1:3] = []
    sys.exit(main())
