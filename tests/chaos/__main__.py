"""Real processes, killed for real: `python -m tests.chaos`, or `make chaos`. Exit code 1 on any loss or difference."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random

from fleet.commands.arguments.durations import DURATION
from tests.chaos import (
    absence,
    broken_host,
    broker,
    denials,
    hosts,
    ledgers,
    poison,
    rivals,
    servers,
    standby,
    steering,
    strangers,
    terminals,
    threads,
)
from tests.chaos.acts import Havoc
from tests.chaos.farm import Setup
from tests.chaos.points import draw_strike, strike_often
from tests.chaos.scenes import play
from tests.chaos.soak import soak
from tests.chaos.strike import WORDS, Point
from tests.chaos.table import Row, markdown, save
from tests.chaos.turns import Turn, rows_of

#: every row that isn't a point of the coordinator's, in the order of the table
ROOMS = (
    hosts.scenes,
    broken_host.scenes,
    absence.scenes,
    broker.scenes,
    strangers.scenes,
    rivals.scenes,
    servers.scenes,
    standby.scenes,
    denials.scenes,
    poison.scenes,
    threads.scenes,
    terminals.scenes,
    ledgers.scenes,
    steering.scenes,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the command line asks for."""

    #: ids of the faults to play; empty for all
    only: frozenset[str]
    #: number of deaths at each point C1–C9
    trials: int
    full: bool
    #: whether sessions open and close at random meanwhile
    auto: bool = False

    def has(self, fault: str) -> bool:
        """Whether this fault was asked for."""
        return not self.only or fault in self.only

    def downs(self, point: Point) -> list[tuple[float, int]]:
        """The seconds that the coordinator stays down after a death at this point, with a number of deaths for each."""
        if point is not Point.COMPUTING:
            return [(0.0, self.trials)]
        return [(1.0, self.trials), *([(30.0, 5), (300.0, 1)] if self.full else [])]


def main(arguments: list[str] | None = None) -> int:
    """Play the faults asked for, then print and save the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="what is drawn; printed, drawn itself by default")
    parser.add_argument("--full", action="store_true", help="300 trials of each point, and the long waits")
    parser.add_argument("--trials", type=int, help="trials of each point C1–C9 (default 8, or 300 with --full)")
    parser.add_argument("--only", default="", help="comma-separated ids of faults, e.g. C1,C7,W4")
    parser.add_argument("--auto", action="store_true", help="sessions open and close at random meanwhile")
    parser.add_argument("--soak", metavar="TIME", help="faults at random for so long instead (60s, 1h)")
    parser.add_argument("--without", default="", help="comma-separated ids of faults that a soak leaves out, e.g. S6")
    parser.add_argument("--out", type=Path, default=Path("var/chaos"), help="folder of the tables (default var/chaos)")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    started = time.monotonic()
    with (
        _signals_unwind(),
        tempfile.TemporaryDirectory(prefix="neonet-chaos-", ignore_cleanup_errors=True) as folder,
        ledgers.slow_disk_at_hand(Path(folder)),
    ):
        if options.soak:
            name, (rows, more) = f"soak-{seed}", _soaked(Path(folder), options, seed)
        else:
            only = _words(options.only)
            trials = options.trials or (300 if options.full else 8)
            wanted = Wanted(only=only, trials=trials, full=options.full, auto=options.auto)
            name, rows, more = f"chaos-{seed}", _struck(Path(folder), wanted, Random(seed)), ""
    text = "\n".join([f"seed {seed}", "", markdown(rows), "", more])
    print(text, flush=True)
    save(rows, options.out / f"{name}.json", seed=seed, seconds=time.monotonic() - started)
    (options.out / f"{name}.md").write_text(text + "\n", encoding="utf-8")
    return int(any(row.flaws for row in rows))


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """A signal to this process unwinds every `with`, so that nothing it started keeps running."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, lambda received, _frame: sys.exit(128 + received)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _soaked(folder: Path, options: argparse.Namespace, seed: int) -> tuple[list[Row], str]:
    seconds: float = DURATION.convert(options.soak, None, None)
    result = soak(folder / "farm", seconds, seed, sys.stdout, _words(options.without))
    return result.rows, result.words()


def _struck(folder: Path, wanted: Wanted, rng: Random) -> list[Row]:
    deaths = [
        _deaths(point, down_s, trials, rng, Setup(auto=wanted.auto))
        for point in Point
        if wanted.has(point.value)
        for down_s, trials in wanted.downs(point)
    ]
    scenes = [
        Turn(
            fault=scene.fault,
            what=scene.what,
            setup=replace(scene.setup, auto=wanted.auto),
            play=partial(play, scene, full=wanted.full),
        )
        for room in ROOMS
        for scene in room(full=wanted.full)
        if wanted.has(scene.fault)
    ]
    rows = chain(rows_of(deaths, folder / "points", rng), rows_of(scenes, folder / "scenes", rng))
    return [_said(row) for row in rows]


def _deaths(point: Point, down_s: float, trials: int, rng: Random, setup: Setup) -> Turn:
    what = WORDS[point] + (f", nobody there for {down_s:g} s" if down_s else "")
    strikes = [draw_strike(point, rng) for _ in range(trials)]

    def strike(havoc: Havoc) -> Row:
        row = Row(fault=point.value, what=what)
        strike_often(havoc.farm, havoc.auditor, row, strikes, down_s)
        return row

    return Turn(fault=point.value, what=what, setup=setup, play=strike)


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in text.split(",") if word)


def _said(row: Row) -> Row:
    print(" | ".join(row.cells()), *row.flaws, sep="\n  ", flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
