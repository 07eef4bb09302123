"""Plots in plain text, of Unicode's blocks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import SupportsFloat

_EIGHTHS = "▁▂▃▄▅▆▇█"
_BAR_EIGHTHS = " ▏▎▍▌▋▊▉"


def sparkline(values: Sequence[SupportsFloat], width: int) -> str:
    """One line of at most `width` characters, scaled from zero to the largest value; a blank where nothing is.

    Where there are more values than characters, each character shows the mean of those that it stands for.
    """
    means = _means([float(value) for value in values], width)
    top = max(means, default=0.0)
    if top <= 0:
        return " " * len(means)
    return "".join(" " if value <= 0 else _EIGHTHS[min(int(value / top * 8), 7)] for value in means)


def bar(value: SupportsFloat, top: SupportsFloat, width: int) -> str:
    """A bar of at most `width` characters for a value between zero and `top`."""
    part = float(value) / float(top) if float(top) > 0 else 0.0
    if part <= 0 or width <= 0:
        return ""
    eighths = max(round(part * width * 8), 1)
    return "█" * (eighths // 8) + (_BAR_EIGHTHS[eighths % 8] if eighths % 8 else "")


def _means(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values: the means of parts that are as even as possible."""
    if len(values) <= width or width <= 0:
        return list(values[:width] if width <= 0 else values)
    edges = [number * len(values) // width for number in range(width + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in pairwise(edges) if end > start]
