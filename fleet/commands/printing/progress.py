"""A progress bar on stderr for what takes a person's time; none in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from fleet.status.progress_bar import ProgressBar

T = TypeVar("T")
#: rows between two updates of the bar
_EVERY = 1_000


@contextmanager
def progress(words: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Yields a function that moves a bar by a number of steps, of `total` in all. The bar goes when the block ends.

    There is none if stderr is no terminal, or if `quiet`, for a command that prints for programs.
    """
    done = 0
    with moved(words, quiet=quiet) as shown:

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            shown(done, total)

        advance(0)
        yield advance


@contextmanager
def moved(words: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Yields a function that sets the bar of `progress` to what is done, of what total."""
    with steps(quiet=quiet) as shown:
        yield partial(shown, words)


@contextmanager
def steps(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Yields a function that sets a bar as `moved` does, and the words beside it."""
    bar = ProgressBar(sys.stderr)

    def show(words: str, done: int, total: int) -> None:
        if not quiet:
            bar.show(words, done, total, f"{done:,} of {total:,}")

    try:
        yield show
    finally:
        bar.end()


def counted(rows: Iterable[T], advance: Callable[[int], None]) -> Iterator[T]:
    """The rows, while `advance` moves a bar by their number."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if not number % _EVERY:
            advance(_EVERY)
    advance(number % _EVERY)
