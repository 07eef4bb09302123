"""A thread that a worker can't do without: when it fails, the worker ends and is restarted."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

#: EX_SOFTWARE, after which it is restarted at once, unlike after a mistake in the settings
EXIT_CODE = 70
_log = logging.getLogger(__name__)


def start(name: str, work: Callable[[], None]) -> None:
    """Run `work` in its own thread. An exception from it ends the process with EXIT_CODE."""

    def run() -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - whatever it was, the thread's work is no longer done
            _log.exception("the thread %r failed: this worker ends with exit code %d", name, EXIT_CODE)
            os._exit(EXIT_CODE)

    threading.Thread(target=run, name=name, daemon=True).start()
