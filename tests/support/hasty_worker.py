"""`python -m tests.support.hasty_worker PERIOD_S STALL`: a poisoned worker that is checked every PERIOD_S seconds.

Once the file STALL exists, the consumer's loop hangs, as in a call that never returns.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from celery.signals import worker_ready

from tasks import __main__ as door
from tasks.compute import catalog
from tasks.worker import steps, watchdog
from tests.support.poisoned_worker import compute

STALL = Path(sys.argv.pop())
PERIOD_S = float(sys.argv.pop())


def _stand_still() -> None:
    if STALL.exists():
        time.sleep(600)


def _stall_on_demand(sender: Any, **_: Any) -> None:
    sender.timer.call_repeatedly(0.1, _stand_still)


if __name__ == "__main__":
    worker_ready.connect(_stall_on_demand, weak=False)
    catalog.compute = compute
    watchdog.PERIOD_S = PERIOD_S
    steps.BEAT_S = 0.1
    sys.exit(door.main())
