"""Shortens a text to the columns that a terminal has for it. Loads no library of the full-screen view."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def shortened(text: str, width: int) -> str:
    """The text in at most `width` cells of a terminal: its beginning and its end, where it is longer."""
    if cell_len(text) <= width:
        return text
    end = (width - 1) // 3
    return set_cell_size(text, width - 1 - end) + "…" + set_cell_size(text[::-1], end)[::-1]
