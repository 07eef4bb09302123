"""Wraps text between words."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines that fit the width, the second and further ones two columns further to the right."""
    if cell_len(text) <= width:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
