"""Whether any worker takes jobs, by the sign that workers renew in Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis

from fleet.crew import Motion, Vital
from tasks.messages import SIGN_GOOD_MS, WORKERS_KEY

#: seconds between two looks, and while no worker is there
_LOOK_S, _WAITING_S = 1.0, 0.2
#: for how long looks have to find no sign before the last worker counts as gone: an emptied Redis has none at first
_GONE_S = 4.0
#: a Redis that hangs keeps it for 15 s at a time
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Workers:
    """Whether any worker takes jobs."""

    present: bool


class Judge:
    """Decides by looks at the sign whether workers are there. Times are monotonic seconds."""

    def __init__(self) -> None:
        #: None until the first look
        self.present: bool | None = None
        self._missed_at: float | None = None

    def look(self, sign: bool | None, now: float) -> bool:
        """Whether a look changes the verdict; None is one that Redis did not answer, which says nothing."""
        before = self.present
        if sign is None:
            self._missed_at = None
        elif sign:
            self.present, self._missed_at = True, None
        else:
            self._missed_at = now if self._missed_at is None else self._missed_at
            if not self.present or now - self._missed_at >= _GONE_S:
                self.present = False
        return self.present is not before


class PresenceWatch:
    """Looks at the sign every second and hands each change to `tell`, the first look included."""

    def __init__(self, client: redis.Redis, tell: Callable[[Workers], None]) -> None:
        self._client = client
        self._tell = tell
        self._stop = threading.Event()
        self.thread = Vital("presence", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread soon."""
        self._stop.set()

    def _run(self, motion: Motion) -> None:
        judge = Judge()
        while not self._stop.wait(_WAITING_S if judge.present is False else _LOOK_S if judge.present else 0.0):
            motion.beat()
            if judge.look(signed(self._client), time.monotonic()):
                self._tell(Workers(present=bool(judge.present)))
            if judge.present is None:
                self._stop.wait(_LOOK_S)


def signed(client: redis.Redis) -> bool | None:
    """Whether a worker's sign is there; None where Redis does not answer or refuses to.

    While Redis is full, or takes no writes for another reason, no worker can renew its sign: none tells nothing then.
    A sign that would be good for longer than any worker's is cut: whoever wrote that one is no worker of ours.
    """
    try:
        left_ms = int(client.pttl(WORKERS_KEY))
        if left_ms == -1 or left_ms > SIGN_GOOD_MS:
            client.pexpire(WORKERS_KEY, SIGN_GOOD_MS)
        if left_ms == -2:
            # a write that changes nothing, which is refused as a worker's would be
            client.set(WORKERS_KEY, "", px=SIGN_GOOD_MS, xx=True)
    except redis.RedisError:
        return None
    return left_ms != -2
