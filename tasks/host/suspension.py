"""Refuses Ctrl-Z in a process that others wait for, with a message on how to stop it instead."""

from __future__ import annotations

import contextlib
import os
import signal

_STDERR = 2


def refuse_suspension(words: str) -> None:
    """From now on SIGTSTP stops nothing and writes `words` to stderr. Where it is already ignored, it stays so.

    Processes forked later ignore it silently; other programs started from here treat it as usual.
    """
    if signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN:
        return
    owner, line = os.getpid(), f"{words}\n".encode()

    def on_suspend(_number: int, _frame: object) -> None:
        if os.getpid() == owner:
            # bypasses Python's buffers, which may be in the middle of a line
            with contextlib.suppress(OSError):
                os.write(_STDERR, line)

    signal.signal(signal.SIGTSTP, on_suspend)
