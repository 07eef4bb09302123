"""A self-test that computes one known job of each type in a separate process, to see whether this host works at all."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection

from tasks.compute import catalog
from tasks.jobtypes import JOB_TYPES

#: the id of its jobs
SELF_TEST = "self-test"
_FORK = multiprocessing.get_context("fork")


class SelfTest:
    """A running test. Its process is forked from this one, so that it has the same kernels."""

    def __init__(self, time_limit_s: float) -> None:
        self._ends_at = time.monotonic() + time_limit_s
        self._time_limit_s = time_limit_s
        self._words, words = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_run, args=(words,), daemon=True)
        self._process.start()
        words.close()
        self._at = "nothing"

    def outcome(self) -> str | None:
        """Why this host can't compute, empty when it can; None while the test runs."""
        with contextlib.suppress(EOFError, OSError):
            while self._words.poll():
                job_type, flaw = self._words.recv()
                self._at = job_type or self._at
                if flaw:
                    return self._over(f"a known job of type {job_type} failed: {flaw}")
                if not job_type:
                    return self._over("")
        if not self._process.is_alive():
            return self._over(f"a known job of type {self._at} ended its process with {self._process.exitcode}")
        if time.monotonic() > self._ends_at:
            return self._over(f"a known job of type {self._at} did not end within {self._time_limit_s:g} s")
        return None

    def _over(self, verdict: str) -> str:
        self._process.kill()
        self._process.join()
        self._words.close()
        return verdict


def _run(words: Connection) -> None:
    """Send each job type before it is computed, and any error; send nothing more at the end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    for job_type, known in JOB_TYPES.items():
        words.send((job_type, ""))
        try:
            result = catalog.compute(job_type, {}, job_id=SELF_TEST)
        except Exception as exc:  # noqa: BLE001 - whatever it is, this host can't compute the type
            words.send((job_type, f"{exc!r:.200}"))
            os._exit(1)
        lacking = [name for name in known.required if result.get(name) is None]
        if lacking:
            words.send((job_type, f"the result lacks {', '.join(lacking)}"))
            os._exit(1)
    words.send(("", ""))
    os._exit(0)
