"""A thread that a worker can't do without: the worker ends with it, and is started again."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

#: EX_SOFTWARE: restarted at once, unlike a mistake in the settings
EXIT_CODE = 70
_log = logging.getLogger(__name__)


def start(name: str, work: Callable[[], None]) -> None:
    """Run `work` on a thread of its own; an exception that leaves it ends the process by EXIT_CODE."""

    def run() -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - whatever it was, nobody does the thread's work any more
            _log.exception("the thread %r failed: this worker ends with exit code %d", name, EXIT_CODE)
            os._exit(EXIT_CODE)

    threading.Thread(target=run, name=name, daemon=True).start()
