"""Commands that run a module of this installation."""

from __future__ import annotations

import sys


def module_command(module: str, *arguments: str) -> list[str]:
    """The command for `python -m module` with this Python.

    `-P` leaves the working folder out of the places where Python looks for modules: the files of whoever else can write
    there would run as this user.
    """
    return [sys.executable, "-P", "-m", module, *arguments]
