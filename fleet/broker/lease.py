"""Makes sure that only one coordinator uses a Redis at a time: two would take each other's results.

The holder renews a key that otherwise expires. A killed coordinator is replaced at once by one that holds the same lock
file on the same machine, since that lock proves that the other one is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from fleet.errors import RedisHeld
from fleet.threads import RepeatingThread
from tasks.messages import COORDINATOR_KEY
from tasks.text import sanitized

#: lifetime of a lease that is not renewed, in milliseconds
LEASE_TTL_MS = 10_000
_RENEW_S = 2.0
#: seconds between two looks at a lease that may be a dead coordinator's
_LOOK_S = 0.25
#: a hanging Redis blocks the thread for 15 s at a time
_PATIENCE_S = 60.0
_SHOWN = 200

#: KEYS: the lease. ARGV: our token, the new value, its lifetime in ms. Returns another holder's value, or nothing.
_TAKE = """
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1]) ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return false
"""
#: KEYS: the lease. ARGV: the value read a moment ago, the new value, its lifetime in ms. Returns the same as above.
_REPLACE = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return false
"""
_GIVE_BACK = """
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return false
"""


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """Another coordinator holds the lease; `holder` names it."""

    holder: str


class Lease:
    """This process's claim to a Redis. `seat` names the lock that the process holds, as `Lock.seat` does."""

    def __init__(self, client: redis.Redis, seat: str, folder: str) -> None:
        self._client = client
        self._token = secrets.token_hex(16)
        self._seat = seat
        self._words = {
            "seat": seat,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "folder": folder,
            "since": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
        }
        self._beats = 0

    def claim(self) -> None:
        """Take the lease; wait until a dead coordinator's lease expires. Does nothing if Redis does not answer.

        Raises RedisHeld, which names the holder, as soon as the lease shows that its holder is alive.
        """
        with contextlib.suppress(redis.RedisError):
            first = self.renew()
            until, held = time.monotonic() + 2 * LEASE_TTL_MS / 1000, first
            while held is not None:
                if _fields(held).get("seat") == self._seat:
                    held = self._run(_REPLACE, held)
                    continue
                if held != first or time.monotonic() > until:
                    raise RedisHeld(refusal(held))
                time.sleep(_LOOK_S)
                held = self.renew()

    def renew(self) -> bytes | None:
        """Take or renew the lease. Returns its value if it is another's, else None. Raises redis-py's errors."""
        return self._run(_TAKE, self._token)

    def release(self) -> None:
        """Release the lease, so that another coordinator can take it at once."""
        with contextlib.suppress(redis.RedisError):
            self._client.eval(_GIVE_BACK, 1, COORDINATOR_KEY, self._token)

    def _run(self, script: str, expected: bytes | str) -> bytes | None:
        self._beats += 1
        value = f"{self._token} {json.dumps(self._words | {'beats': self._beats})}"
        held: Any = self._client.eval(script, 1, COORDINATOR_KEY, expected, value, str(LEASE_TTL_MS))
        return held if isinstance(held, bytes) else None


class LeaseKeeper:
    """Renews a lease every two seconds on its own thread, and reports its loss to `tell`."""

    def __init__(self, lease: Lease, tell: Callable[[LeaseLost], None]) -> None:
        self._lease = lease
        self._tell = tell
        self.thread = RepeatingThread("lease", self._renew, every_s=_RENEW_S, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread."""
        self.thread.close(_RENEW_S)

    def _renew(self) -> None:
        # while Redis is away or takes no writes, no other coordinator can take the lease either
        with contextlib.suppress(redis.RedisError):
            held = self._lease.renew()
            if held is not None:
                self._tell(LeaseLost(holder=holder(held)))


def refusal(held: bytes) -> str:
    """Why a coordinator that finds this lease can't run, and what to do."""
    return (
        f"this Redis is used by {holder(held)}; two would take each other's results: stop that one, or give this one a "
        "Redis of its own, or another database of it, with FLEET_REDIS_URL"
    )


def holder(held: bytes) -> str:
    """The holder of a lease, in words."""
    fields = _fields(held)
    if not fields:
        return "another coordinator"
    pid, host, folder, since = (_text(fields.get(name)) for name in ("pid", "host", "folder", "since"))
    return f"coordinator {pid} on {host}, of the state folder {folder}, since {since}"


def _fields(held: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(held.partition(b" ")[2])
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(value: object) -> str:
    return sanitized(str(value))[:_SHOWN]
