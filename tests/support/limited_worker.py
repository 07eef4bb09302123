"""`python -m tests.support.limited_worker FOLDER`: a worker whose sensors and clock are files in FOLDER.

`FOLDER/clock` holds the time of the day in UTC, as 11:59:58; the watchdog looks each fifth of a second.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path

from tasks import __main__ as door
from tasks.host.sensors import Sensors
from tasks.worker import limits_step, steps, watchdog

FOLDER = Path(sys.argv.pop())


class _Clock:
    @staticmethod
    def now(_zone: object) -> datetime:
        return datetime.combine(datetime.now(UTC), time.fromisoformat((FOLDER / "clock").read_text()), UTC)


if __name__ == "__main__":
    setattr(limits_step, "Sensors", partial(Sensors, FOLDER))  # noqa: B010 - planted
    setattr(limits_step, "datetime", _Clock)  # noqa: B010
    watchdog.PERIOD_S = 0.2
    steps.BEAT_S = 0.1
    sys.exit(door.main())
