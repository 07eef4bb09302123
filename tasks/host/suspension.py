"""Ctrl-Z: a process that others wait for says why it goes on, and what ends it."""

from __future__ import annotations

import contextlib
import os
import signal

_STDERR = 2


def refuse_suspension(words: str) -> None:
    """From now on SIGTSTP stops nothing, and `words` are written to stderr; where it is ignored already, it stays so.

    Processes that are forked later ignore it without a word, those of another program take it as usual.
    """
    if signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN:
        return
    owner, line = os.getpid(), f"{words}\n".encode()

    def on_suspend(_number: int, _frame: object) -> None:
        if os.getpid() == owner:
            # past Python's buffers, which may be in the middle of a line
            with contextlib.suppress(OSError):
                os.write(_STDERR, line)

    signal.signal(signal.SIGTSTP, on_suspend)
