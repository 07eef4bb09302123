"""Carries out the controls in force: pauses miners, closes their sessions when that is due, lets them mine again.

Everything else of a pause is the miner's own: it takes no new job, and finishes and submits what it has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.settings import Settings
from fleet.control.control import Control, Source, Target, TargetKind
from fleet.control.in_force import Controls, miner_targets, strictest
from fleet.control.wording import said
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.calendar import Calendar
from fleet.domain.effects import Notice, NoticeKind
from fleet.domain.events import Closed, Paused, Resumed, Retried
from fleet.miner.miner import Miner


@dataclass(frozen=True, kw_only=True, slots=True)
class SteeredFarm:
    """One server's farm, and what its miners are called."""

    #: as output and snapshot name the server
    server: str
    farm: Farm
    #: miner id → name, and name → tags, as they are now
    names: Mapping[str, str]
    tags: Mapping[str, Sequence[str]]


class Steering:
    """Applies controls to the farms of all servers. Times are monotonic seconds, those of controls UTC milliseconds."""

    def __init__(
        self,
        farms: Sequence[SteeredFarm],
        controls: Controls,
        calendar: Calendar,
        now_ms: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        *,
        relabel: Callable[[Settings], None] = lambda _: None,
        order_hosts: Callable[[Mapping[str, str]], None] = lambda _: None,
        followed: Callable[[Controls], None] = lambda _: None,
    ) -> None:
        """`relabel` brings the tags of the farms up to date with settings that were read again.

        `order_hosts` takes the action for each host that a control is on, in place of all that it took before.
        `followed` takes all controls whenever they have changed.
        """
        self._relabel, self._order_hosts, self._followed = relabel, order_hosts, followed
        self._farms = tuple(farms)
        self._calendar, self._now_ms, self._clock = calendar, now_ms, clock
        #: the controls in force
        self.controls = Controls()
        #: id of a paused miner whose session is still to be closed → when
        self._closes_at: dict[str, float] = {}
        self._order_hosts({})
        self.follow(controls, clock())

    def follow(self, controls: Controls, now: float) -> list[Notice]:
        """Follow these controls from now on. Returns a line for each that is new or over."""
        now_ms, before = self._now_ms(), self.controls
        self.controls = Controls(one for one in controls if not one.ended(now_ms))
        if self.controls == before:
            return []
        self._apply(now, now_ms)
        self._followed(self.controls)
        hosts = self.controls.names(TargetKind.HOST)
        for one in self._farms:
            one.farm.workers.pause_hosts(hosts)
        self._order_hosts({name: control.action.value for name, control in hosts.items()})
        return [*self._told(before, now_ms)]

    @property
    def hosts_pause(self) -> bool:
        """Whether any worker host is paused or drained."""
        return bool(self.controls.names(TargetKind.HOST))

    def miners_changed(self, _: Sequence[Miner]) -> None:
        """Miners are new, or have other names or tags: apply the controls in force to them, too."""
        if len(self.controls):
            self._apply(self._clock(), self._now_ms())

    def reloaded(self, settings: Settings) -> None:
        """Take over settings that were read again: miners may have other tags."""
        self._relabel(settings)
        self.miners_changed(())

    def _apply(self, now: float, now_ms: int) -> None:
        for steered in self._farms:
            steered.farm.pause_types(self.controls.names(TargetKind.JOB_TYPE), now)
            if not steered.farm.draining:
                self._pause(steered, now, now_ms)
        self.look(now)

    def standing(self) -> list[Notice]:
        """A line for each control in force."""
        return [*self._told(Controls(), self._now_ms())]

    def look(self, now: float) -> None:
        """Close the sessions of paused miners for which that is due. Call it each turn."""
        # a list, so that the same farm does the same again: a set's order differs between two processes
        due = [miner_id for miner_id, at in self._closes_at.items() if at <= now]
        for farm in (steered.farm for steered in self._farms if due and not steered.farm.draining):
            closed = [farm.miners[miner_id] for miner_id in due if miner_id in farm.miners]
            for miner in closed:
                miner.on(Closed(), now)
                del self._closes_at[miner.spec.miner_id]
            farm.requeue(closed, now)

    def retry(self, targets: Iterable[Target], now: float) -> list[Notice]:
        """End the waits of these targets after failures."""
        told = []
        for target in targets:
            for steered in self._farms:
                chosen = [miner for miner, own in _each(steered) if target in own]
                for miner in chosen:
                    miner.on(Retried(), now)
                steered.farm.requeue(chosen, now)
            told.append(_notice(f"{target.shown} tries again now"))
        return told

    def _pause(self, steered: SteeredFarm, now: float, now_ms: int) -> None:
        farm, paused = steered.farm, dict[str, Control]()
        changed = list[Miner]()
        for miner, targets in _each(steered):
            miner_id = miner.spec.miner_id
            control = strictest(self.controls.covering(targets))
            if control is None:
                if miner.paused:
                    changed.append(miner)
                    # one that was closed is opened by a look of `auto`, once it has finished its jobs
                    self._closes_at.pop(miner_id, None)
                    miner.on(Resumed(), now)
                continue
            paused[miner_id] = control
            if not miner.paused:
                changed.append(miner)
                miner.on(Paused(), now)
            self._plan_close(miner, control, now, now_ms)
        farm.auto.pause(paused.keys(), now)
        server = Target(kind=TargetKind.SERVER, name=steered.server)
        farm.server.paused = self.controls.on(server) is not None
        farm.requeue(changed, now)

    def _plan_close(self, miner: Miner, control: Control, now: float, now_ms: int) -> None:
        """Close the miner's session when its control says so; at once if there is none to keep."""
        stops_at_ms, miner_id = control.stops_at_ms, miner.spec.miner_id
        self._closes_at.pop(miner_id, None)
        if miner.draining:
            return
        if not (miner.in_session or miner.left_open):
            self._closes_at[miner_id] = now
        elif stops_at_ms is not None:
            self._closes_at[miner_id] = now + max(stops_at_ms - now_ms, 0) / 1000

    def _told(self, before: Controls, now_ms: int) -> Iterator[Notice]:
        for one in self.controls:
            if before.get(one.target, one.source) != one:
                yield _notice(f"{one.target.shown} is {said(one, self._calendar, now_ms)}")
        for one in before:
            if self.controls.get(one.target, one.source) is None:
                by = "" if one.source is Source.OPERATOR else f" by {one.who}"
                yield _notice(f"{one.target.shown} is resumed{by}")


def _each(steered: SteeredFarm) -> Iterator[tuple[Miner, tuple[Target, ...]]]:
    """Each miner with all targets that it belongs to."""
    for miner_id, miner in steered.farm.miners.items():
        name = steered.names.get(miner_id, miner_id)
        yield miner, miner_targets(name, steered.tags.get(name, ()), steered.server)


def _notice(text: str) -> Notice:
    return Notice(kind=NoticeKind.CONTROL, miner_id="", text=text)
