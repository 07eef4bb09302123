"""Ends a coordinator whose loop or a thread is stuck, so that its service manager restarts it.

Compose restarts a container that exits, not one that is unhealthy. A process that is stopped as a whole can't end
itself: its supervisor and systemd notice that the signs of life stop, which this watchdog sends to either.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TextIO

from fleet.threads import Progress, StuckThreadDetector
from tasks.host.systemd import expect_within, ping

PERIOD_S = 5.0
#: seconds without a sign of life after which systemd restarts a running coordinator, and one that starts or ends
_SILENT_S, _AT_THE_ENDS_S = 25.0, 180.0
#: EX_SOFTWARE, after which the coordinator is restarted
EXIT_CODE = 70


class Watchdog:
    """Checks the progress of threads every five seconds, and tells systemd that the process is alive.

    Until `watch` is called the process is starting, which may take long, as when an old ledger is migrated.
    """

    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._detector: StuckThreadDetector | None = None
        self._over = threading.Event()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def __enter__(self) -> Watchdog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """From now on, a stopped thread is no failure."""
        self._detector = None
        expect_within(_AT_THE_ENDS_S)
        self._over.set()

    def watch(self, threads: Sequence[Progress]) -> None:
        """From now on each of these has to make progress."""
        self._detector = StuckThreadDetector(threads, PERIOD_S)
        ping()
        expect_within(_SILENT_S)

    def _run(self) -> None:
        while True:
            lookout = self._detector
            still = lookout.check() if lookout else None
            if still is not None:
                with contextlib.suppress(OSError, ValueError):
                    print(f"fleet: {still}: the process ends, to be restarted", file=self._err, flush=True)
                os._exit(EXIT_CODE)
            ping()
            if self._over.wait(PERIOD_S):
                return
