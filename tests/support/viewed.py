"""The view of a made-up farm, in a terminal of a test."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import cast

from textual.pilot import Pilot

from fleet.domain.calendar import HOUR_MS
from fleet.errors import LedgerError
from fleet.ledger.reports.history import MINUTE_MS
from fleet.status.history import History, Series
from fleet.status.snapshot import FarmSnapshot
from fleet.status.standing import FarmStanding
from fleet.top.app import Top
from fleet.top.rows import Rows
from fleet.top.sources import FigureSources
from tests.support.snapshots import AT_MS, MINER, SNAPSHOT, WORK, as_read

SIZES = [(80, 24), (160, 40)]
HOSTILE = "[red]bold[/red] \x1b[31m\x07<b>&amp;"
LAME = replace(MINER, name="lame", state="waiting", recent=Decimal(0), ledger=Decimal(1))
RICH = replace(MINER, name="rich", ledger=Decimal(900), recent=Decimal(5))


@dataclass
class Farm:
    """A farm whose snapshot is changed by hand."""

    made: FarmSnapshot = SNAPSHOT
    coordinator: str = "mining"
    problem: str = ""
    #: what `fleet explain` prints
    answer: str = "job abc\n  paid \x1b[2J0.1 NNET"
    #: the arguments of each call of `explain`
    asked: list[Sequence[str]] = field(default_factory=list)

    def sources(self) -> FigureSources:
        return FigureSources(look=self._look, history=self._history, explain=self._explain)

    def _look(self) -> FarmStanding:
        if self.problem:
            raise LedgerError(self.problem)
        return FarmStanding(coordinator=self.coordinator, age_s=0.5, figures=as_read(self.made))

    @staticmethod
    def _history(by: str, hours: int) -> History:
        names = {"farm": "farm", "miner": MINER.name, "host": "shed", "type": WORK.name}
        ramp = Series(name=names[by], nnet=tuple(map(Decimal, range(60))), jobs=(1,) * 60)
        step_ms = MINUTE_MS if hours == 1 else HOUR_MS
        return History(first_ms=AT_MS, step_ms=step_ms, by=by, farm=ramp, series=(ramp,))

    def _explain(self, words: Sequence[str]) -> str:
        self.asked.append(words)
        return self.answer


def shown(pilot: Pilot[None]) -> str:
    """The text on the screen."""
    lines: dict[str, str] = {}
    for place, text in re.findall(r'<text[^>]* y="([0-9.]+)"[^>]*>(.*?)</text>', pilot.app.export_screenshot()):
        lines[place] = lines.get(place, "") + html.unescape(text).replace("\xa0", " ")
    return "\n".join(lines.values())


def used(script: Callable[[Pilot[None]], Awaitable[None]], farm: Farm, size: tuple[int, int] = SIZES[0]) -> None:
    """Run the view of a farm, and use it by a script."""

    async def scenario() -> None:
        app = Top(farm.sources())
        async with app.run_test(size=size) as pilot:
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            await script(pilot)

    asyncio.run(scenario())


def table(pilot: Pilot[None]) -> Rows:
    return cast("Top", pilot.app).rows


async def settled(pilot: Pilot[None], *keys: str) -> str:
    """Press keys, wait for what they start, and read the screen."""
    await pilot.press(*keys)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return shown(pilot)
