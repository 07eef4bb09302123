"""Takes over changed settings while the farm mines: sessions begin and end for miners that are changed, and no others.

Everything happens in the loop's thread, a few miners in each turn, so that heartbeats are never late. A coordinator
that is killed meanwhile starts with the new settings as they are in the file.

One file: what is checked before the first change, and what is changed after it, are read together.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.changes import changes, same_servers, taken_over
from config.server_tables import ServerSettings
from config.settings import Settings
from fleet.coordinator.inbox import Reload
from fleet.coordinator.reload.change_words import line_of
from fleet.coordinator.reload.desk import ReloadOutcome
from fleet.coordinator.reload.roster import RosterChange, roster_change, words
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.events import Respecified
from fleet.domain.jobs import MinerSpec
from fleet.errors import LedgerBusy, ServiceError
from fleet.miner.miner import Miner

_NOTHING = "nothing differs"
#: miners that are read from the ledger and brought in, in one turn
_IN_A_TURN = 25
#: longest wait for another server's thread to finish its commit, in seconds; then the next turn tries again
_TURN_S = 0.1


class Accounts(Protocol):
    """What a reload needs of the ledger at one server. The loop's thread may call it while nothing is being written."""

    def name_miners(self, given: Mapping[str, str], taken: Sequence[str]) -> dict[str, str]:
        """Name the miners, and return id → name of all."""

    def load(self, spec: MinerSpec) -> Miner:
        """The miner as the ledger knows it."""

    def writing(self) -> bool:
        """Whether the loop's rows are being written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reloadable:
    """One server whose miners may change."""

    #: its name in the settings
    server: str
    #: its name in output and before the ids of its jobs; empty for the only server
    key: str
    farm: Farm
    accounts: Accounts
    #: miner id → name, of all miners that the ledger knows of this server
    names: MutableMapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What the servers of a coordinator share."""

    #: the miners that settings name at a server; raises ServiceError
    specs: Callable[[Settings, ServerSettings | None], Sequence[MinerSpec]]
    #: what is wrong with these miners at a server, as sentences
    warnings: Callable[[Settings, ServerSettings, Sequence[MinerSpec]], Iterator[str]]
    #: miner id → name, and miner id → name of its server, as the other parts read them
    names: MutableMapping[str, str]
    keys: MutableMapping[str, str]
    #: has the parts that hide miners' ids hide those that `names` has gained
    learn: Callable[[], None]
    #: is called with miners that are new or renamed
    miners_changed: Callable[[Sequence[Miner]], None]
    #: held while a thread writes to the ledger
    turn: threading.Lock
    #: parts that take over settings of their own
    live: Sequence[Callable[[Settings], None]]


@dataclass(kw_only=True, slots=True)
class _UnderWay:
    """A reload that has begun to change the farm."""

    reload: Reload
    settings: Settings
    lines: list[str]
    #: whether anything differs
    changed: bool
    #: the miners to bring in
    coming: deque[tuple[Reloadable, MinerSpec]]


#: a server, what changes among its miners, and all that it should have
_Plan = tuple[Reloadable, RosterChange, Sequence[MinerSpec]]


class _RefusedError(Exception):
    """The settings can't be taken over: the reason, as a sentence."""


class Reloading:
    """Takes over one reading of the settings after the other."""

    def __init__(self, settings: Settings, servers: Sequence[Reloadable], shared: Shared) -> None:
        self._settings, self._servers, self._shared = settings, tuple(servers), shared
        self._waiting: deque[Reload] = deque()
        self._under_way: _UnderWay | None = None
        #: when something was last taken over, and what
        self._last: tuple[float, list[str]] = (0.0, [])

    def ask(self, reload: Reload) -> None:
        """Take a reading over as soon as the ones before are, or say what it would change."""
        self._waiting.append(reload)

    def stop(self, reason: str) -> None:
        """The farm drains: refuse what is asked for. What has begun is finished at the next start."""
        for reload in ([self._under_way.reload] if self._under_way else []) + list(self._waiting):
            reload.answer(ReloadOutcome(taken=False, lines=(reason,), later=True))
        self._waiting.clear()
        self._under_way = None

    def step(self, now: float) -> dict[str, str]:
        """Do what fits into a turn. Returns the ids of new miners, with the key of their server."""
        if self._under_way is None and self._waiting and not self._writing():
            self._begin(self._waiting[0], now)
        under_way = self._under_way
        if under_way is None or self._writing():
            return {}
        new = self._bring_in(under_way.coming, now)
        if not under_way.coming:
            self._under_way = None
            self._finish(under_way, now)
        return new

    def _writing(self) -> bool:
        return any(one.accounts.writing() for one in self._servers)

    def _begin(self, reload: Reload, now: float) -> None:
        if not self._shared.turn.acquire(timeout=_TURN_S):
            return
        self._waiting.popleft()
        try:
            self._under_way = self._started(reload, now)
        except (_RefusedError, ServiceError) as exc:
            reload.answer(ReloadOutcome(taken=False, lines=(str(exc), "nothing was changed")))
        except LedgerBusy as exc:
            reload.answer(ReloadOutcome(taken=False, lines=(f"{exc}; nothing was changed, try again",), later=True))
        finally:
            self._shared.turn.release()

    def _started(self, reload: Reload, now: float) -> _UnderWay | None:
        """Check what is asked for and begin with it; None where it was only asked what would change."""
        found, settings = changes(self._settings, reload.settings), taken_over(self._settings, reload.settings)
        lines = [*map(line_of, found)]
        plans = self._plans(reload.settings, settings, lines)
        lines[:0] = [line for one, plan, _ in plans for line in self._said(one, plan)]
        if reload.only_tell:
            reload.answer(ReloadOutcome(taken=True, lines=tuple(lines or self._nothing(now))))
            return None
        for one, plan, specs in plans:
            if plan:
                self._name(one, specs)
            self._change(one, plan, settings, now)
        coming = deque((one, spec) for one, plan, _ in plans for spec in plan.added)
        return _UnderWay(
            reload=reload, settings=settings, lines=lines or self._nothing(now), changed=bool(lines), coming=coming
        )

    def _plans(self, wanted: Settings, settings: Settings, lines: list[str]) -> list[_Plan]:
        """What becomes of the miners of each server. Raises _RefusedError where a miner would have to move."""
        if not same_servers(self._settings, wanted) or self._settings.auto != wanted.auto:
            if wanted.miner != self._settings.miner:
                lines.append("miners are added and removed by the restart, too")
            return []
        plans = []
        for one in self._servers:
            server = next((table for table in settings.servers if table.name == one.server), None)
            present = {
                miner_id: miner.next_spec
                for miner_id, miner in one.farm.miners.items()
                if miner_id not in one.farm.removed
            }
            specs = self._shared.specs(settings, server)
            plan = roster_change(present, specs)
            for spec in plan.added:
                self._refuse_moved(one, spec)
            if server is not None and plan.added:
                lines += [f"warning: {text}" for text in self._shared.warnings(settings, server, specs)]
            plans.append((one, plan, specs))
        return plans

    def _refuse_moved(self, here: Reloadable, spec: MinerSpec) -> None:
        for other in self._servers:
            if other is not here and spec.miner_id in other.farm.miners:
                name = self._shared.names[spec.miner_id]
                raise _RefusedError(f"{name} mines at {other.key} in this run; it changes its server by a restart")

    def _said(self, one: Reloadable, plan: RosterChange) -> list[str]:
        where = f"{one.key}: " if one.key else ""
        return [f"{where}{line}" for line in words(plan, self._shared.names)]

    def _name(self, one: Reloadable, specs: Sequence[MinerSpec]) -> None:
        """Give all miners of a server their names, in the ledger and in every part that shows them."""
        shared = self._shared
        taken = [name for other in self._servers if other is not one for name in other.names.values()]
        one.names.update(one.accounts.name_miners({spec.miner_id: spec.name for spec in specs}, taken))
        shared.names.update(one.names)
        shared.keys.update({spec.miner_id: one.key for spec in specs})
        shared.learn()

    def _change(self, one: Reloadable, plan: RosterChange, settings: Settings, now: float) -> None:
        """Let go of removed miners, and change those that are there."""
        farm = one.farm
        changed = [farm.miners[miner_id] for miner_id in plan.removed]
        farm.removed.update(plan.removed)
        farm.auto.leave(changed, now)
        for spec in plan.renamed:
            miner = farm.miners[spec.miner_id]
            miner.spec = miner.next_spec = spec
        self._shared.miners_changed([farm.miners[spec.miner_id] for spec in (*plan.renamed, *plan.respecified)])
        for spec in plan.respecified:
            farm.miners[spec.miner_id].on(Respecified(spec), now)
            changed.append(farm.miners[spec.miner_id])
        farm.requeue(changed, now)
        _count_again(farm, settings, now)

    def _bring_in(self, coming: deque[tuple[Reloadable, MinerSpec]], now: float) -> dict[str, str]:
        """Bring in the next miners, as the ledger knows them."""
        new: dict[str, str] = {}
        joined: dict[str, tuple[Farm, list[Miner]]] = {}
        while coming and len(new) < _IN_A_TURN:
            one, spec = coming[0]
            try:
                miner = _brought_in(one, spec, now)
            except LedgerBusy:
                # the next turn tries again
                break
            coming.popleft()
            one.farm.removed.discard(spec.miner_id)
            joined.setdefault(one.key, (one.farm, []))[1].append(miner)
            new[spec.miner_id] = one.key
        under_way = self._under_way
        for farm, miners in joined.values():
            farm.auto.join(miners, now)
            farm.requeue(miners, now)
            self._shared.miners_changed(miners)
            if under_way is not None:
                _count_again(farm, under_way.settings, now)
        return new

    def _nothing(self, now: float) -> list[str]:
        """What to say where nothing differs: what was taken over before, since a changed file is taken by itself."""
        at, lines = self._last
        return [f"nothing differs from what was taken over {now - at:.0f} s ago:", *lines] if lines else [_NOTHING]

    def _finish(self, under_way: _UnderWay, now: float) -> None:
        if under_way.changed:
            self._last = (now, under_way.lines)
        self._settings = under_way.settings
        for take_over in self._shared.live:
            take_over(under_way.settings)
        under_way.reload.answer(ReloadOutcome(taken=True, lines=tuple(under_way.lines), changed=under_way.changed))


def _brought_in(one: Reloadable, spec: MinerSpec, now: float) -> Miner:
    """A miner of the farm: new, as the ledger knows it, or one that was removed earlier in this run."""
    miner = one.farm.miners.get(spec.miner_id)
    if miner is not None:
        miner.on(Respecified(spec), now)
        return miner
    miner = one.farm.miners[spec.miner_id] = one.accounts.load(spec)
    for opened in miner.restored():
        one.farm.jobs.opened(opened)
    return miner


def _count_again(farm: Farm, settings: Settings, now: float) -> None:
    farm.timetable.miners = max(len(farm.miners) - len(farm.removed), 1)
    farm.auto.count_again({miner.id.lower() for miner in settings.miner if miner.pinned}, now)
