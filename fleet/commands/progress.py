"""A progress bar on stderr for what takes a person's time; none in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fleet.commands.tables import console

T = TypeVar("T")
#: rows between two updates of the bar
_EVERY = 1_000


@contextmanager
def progress(words: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A function that moves a bar by so many steps of `total`. The bar goes when the block ends.

    There is none if stderr is no terminal, or if `quiet`, for a command that prints for programs.
    """
    screen = console(to_stderr=True)
    if quiet or not screen.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False) as shown:
        task = shown.add_task(words, total=total)
        yield lambda steps: shown.advance(task, steps)


def counted(rows: Iterable[T], advance: Callable[[int], None]) -> Iterator[T]:
    """The rows, while `advance` moves a bar by their number."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if not number % _EVERY:
            advance(_EVERY)
    advance(number % _EVERY)
