"""The limit of files, pipes and sockets that this process may have open at once."""

from __future__ import annotations

import contextlib
import resource

#: enough for any farm; some systems allow billions
_MOST = 65_536
#: open files of a process itself: libraries, Redis, the ledger, events, the pool's own
_FIXED = 64
#: pipes of one pool process, both ends while it starts
_EACH = 6


def raise_limit() -> int:
    """Raise the limit to the most that the system lets a user have. Returns the resulting limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < most:
        # macOS has undocumented bounds
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else soft


def needed(processes: int) -> int:
    """Open files of a worker with this many processes."""
    return _FIXED + _EACH * processes


def connections_within(limit: int) -> int:
    """How many connections to a server a coordinator may have with this limit of open files, possibly none."""
    return max(0, limit - _FIXED)


def processes_within(limit: int) -> int:
    """How many processes a worker may have with this limit of open files, possibly none."""
    return max(0, (limit - _FIXED) // _EACH)
