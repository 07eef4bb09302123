"""The name of the user who orders something by a command."""

from __future__ import annotations

import os
import pwd


def user_name() -> str:
    """The name of the user who runs this process, or its number where the system knows no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
