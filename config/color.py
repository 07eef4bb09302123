"""Decides whether to print in colour."""

from __future__ import annotations

import os
from typing import Literal, TextIO


def wants_color(choice: Literal["auto", "always", "never"], stream: TextIO) -> bool:
    """Whether to use colour; `auto` does on a terminal, unless NO_COLOR is set to anything (https://no-color.org)."""
    if choice == "auto":
        return stream.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"
