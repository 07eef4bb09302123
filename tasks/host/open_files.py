"""How many files, pipes and sockets this process may hold at once."""

from __future__ import annotations

import contextlib
import resource

#: more is never needed, and some systems have billions
_MOST = 65_536
#: of a process itself: libraries, Redis, the ledger, events, the pool's own
_FIXED = 64
#: pipes of one process of the pool, both ends while it starts
_EACH = 6


def raise_limit() -> int:
    """Raise the limit to what the system lets a user raise it to; the limit that holds then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < most:
        # macOS has bounds that it states nowhere
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else soft


def needed(processes: int) -> int:
    """Open files of a worker with so many processes."""
    return _FIXED + _EACH * processes


def connections_within(limit: int) -> int:
    """How many connections to a server a coordinator may have with so many open files, perhaps none."""
    return max(0, limit - _FIXED)


def processes_within(limit: int) -> int:
    """How many processes a worker may have with so many open files, perhaps none."""
    return max(0, (limit - _FIXED) // _EACH)
