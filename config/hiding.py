"""Removes miners' ids from logs, messages and tracebacks: whoever knows an id can spend its money.

An id is a wallet at the server, and no call is authenticated (docs/protocol-notes.md, 12).
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

#: a wallet that the servers' ordinary calls can spend from, in lower case: `neo1` and letters or digits, 10 characters
#: or more in all, or `0x` and 40 hex digits
ADDRESS = r"neo1[a-z0-9]{6,}|0x[0-9a-f]{40}"
_ADDRESS = re.compile(ADDRESS, re.IGNORECASE)
#: no id that is shorter can be an address
SHORTEST_ADDRESS = 10
_SHOWN = 4


def shortened_id(miner_id: str) -> str:
    """The first four and the last four characters of an id; all of one that is too short to be an address."""
    if len(miner_id) < SHORTEST_ADDRESS:
        return miner_id
    return f"{miner_id[:_SHOWN]}..{miner_id[-_SHOWN:]}"


def shortened_prefix(prefix: str) -> str:
    """The first four characters of the start of ids; all of it if the ids are too short to be addresses."""
    # at least two digits follow
    return prefix if len(prefix) + 2 < SHORTEST_ADDRESS else f"{prefix[:_SHOWN]}.."


def without_addresses(text: str) -> str:
    """The text with every address shortened, whoever owns it."""
    return _ADDRESS.sub(lambda found: shortened_id(found[0]), text)


class _Hiding:
    """How this process hides ids: by their form, until it knows the miners' names."""

    def __init__(self) -> None:
        self.hide: Callable[[str], str] = without_addresses


_this_process = _Hiding()


def hidden(text: str) -> str:
    """The text as this process may write it."""
    return _this_process.hide(text)


def hide_by(hide: Callable[[str], str]) -> None:
    """Have `hidden` pass texts through `hide` from now on."""
    _this_process.hide = hide


def hide_in_tracebacks() -> None:
    """Have uncaught exceptions reported without ids, in every thread, and where Python can only ignore them."""
    sys.excepthook = _report
    threading.excepthook = _report_of_thread
    sys.unraisablehook = _report_unraisable


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _write("".join(traceback.format_exception(kind, error, trace)))


def _report_of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        # ends the thread only, as in Python's own hook
        return
    name = args.thread.name if args.thread is not None else "unknown"
    trace = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
    _write(f"Exception in thread {name}:\n{trace}")


def _report_unraisable(args: sys.UnraisableHookArgs) -> None:
    trace = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
    _write(f"{args.err_msg or 'Exception ignored in'}: {args.object!r}\n{trace}")


def _write(text: str) -> None:
    # the stream may be closed, or none at all
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(hidden(text))
        sys.stderr.flush()
