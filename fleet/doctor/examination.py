"""Makes checks at the same time, each on a thread of its own, and ends one that hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from fleet.doctor.diagnosis import Diagnosis, not_checked


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check: its diagnoses come one by one, so that those before a hang are kept."""

    #: the subject that is reported if the check hangs or fails
    subject: str
    examine: Callable[[], Iterable[Diagnosis]]


@dataclass(kw_only=True, slots=True)
class _Running:
    """A check that was started."""

    check: Check
    thread: threading.Thread
    found: list[Diagnosis] = field(default_factory=list)


def examine(
    checks: Sequence[Check],
    deadline_s: float,
    hide: Callable[[str], str] = str,
    shown: Callable[[str, int, int], object] = lambda *_: None,
) -> tuple[Diagnosis, ...]:
    """The diagnoses of all checks, in the order of the checks, within `deadline_s` seconds in all.

    `shown` gets what is waited for, how many checks before it have ended, and how many there are.

    `hide` takes secrets and miners' ids out of each text. A check that raises is reported by the name of its exception
    alone, since the message may hold a secret.
    """
    until = time.monotonic() + deadline_s
    running = [_start(check) for check in checks]
    diagnoses: list[Diagnosis] = []
    for number, one in enumerate(running):
        shown(f"checking {one.check.subject}", number, len(running))
        one.thread.join(max(until - time.monotonic(), 0.0))
        diagnoses += one.found
        if one.thread.is_alive():
            diagnoses.append(not_checked(one.check.subject, f"no end within {deadline_s:g} s"))
    return tuple(replace(one, found=hide(one.found), advice=hide(one.advice)) for one in diagnoses)


def _start(check: Check) -> _Running:
    found: list[Diagnosis] = []

    def make() -> None:
        try:
            for one in check.examine():
                found.append(one)  # noqa: PERF402 - the diagnoses before a hang or an error are kept
        except Exception as exc:  # noqa: BLE001 - one broken check must not end the others
            found.append(not_checked(check.subject, f"the check ended with {type(exc).__name__}"))

    # a daemon, since a hanging system call can't be ended from outside
    thread = threading.Thread(target=make, name=f"check {check.subject}", daemon=True)
    thread.start()
    return _Running(check=check, thread=thread, found=found)
