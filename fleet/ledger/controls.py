"""Pauses and drains in the ledger, and the log of their changes. Each change is one transaction with its entry."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from fleet.control.control import Action, Control, ControlChange, LogEntry, Source, Target, TargetKind
from fleet.control.in_force import Controls
from fleet.control.request import ControlRequest, Followed, decide
from fleet.domain.wall_clock import wall_ms
from fleet.ledger.control_tables import control_log, controls
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.storage.trouble import reading, translated

_controls, _log = controls, control_log
#: who ends a control whose time is over
_CLOCK = "the clock"


def farm_key(place: LedgerPlace, account: str) -> str:
    """The key of a farm's controls: farms may share a database, but not a file. `account` is its first server's."""
    return "" if place.file is not None else account


class ControlBook:
    """The controls of one farm, for any process: a change waits for the one before it.

    Every method raises LedgerBusy while another program locks the ledger, and LedgerError where it can't be used.
    """

    def __init__(self, engine: Engine, farm: str, now_ms: Callable[[], int] = wall_ms) -> None:
        self._engine, self._farm, self._now_ms = engine, farm, now_ms

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def ask(self, request: ControlRequest) -> Followed:
        """Follow a request, and log it. Raises ControlRefused, and then changes nothing."""
        with self._changing() as (connection, now_ms):
            outcome = decide(request, self._in_force(connection), now_ms)
            return self._write(connection, outcome)

    def record(self, change: ControlChange, target: Target, who: str, reason: str = "") -> None:
        """Log a change of something that is no control: settings, or a token."""
        with self._changing() as (connection, now_ms):
            entry = LogEntry(at_ms=now_ms, change=change, target=target, who=who, reason=reason)
            self._write(connection, Followed(entry=entry))

    def end_overdue(self) -> None:
        """End the controls whose time is over, and log that."""
        with self._changing():
            pass

    def in_force(self) -> Controls:
        """The controls in force now. One whose time is over is in force no longer, though nobody has logged its end."""
        with reading(self._engine) as connection:
            now_ms = self._now_ms()
            return Controls(one for one in self._in_force(connection) if not one.ended(now_ms))

    def news(self, seen: int) -> tuple[int, Controls, tuple[LogEntry, ...]] | None:
        """The last entry's number, the controls and the entries since `seen`; None if there are no newer entries."""
        with reading(self._engine) as connection:
            if self._last(connection) == seen:
                return None
            # the entries first: a change between the two reads is in both, or in the controls alone for one look
            entries = self._entries(connection, _log.c.id > seen)
            return (entries[-1].number if entries else seen), self._in_force(connection), entries

    def last(self) -> int:
        """The number of the last entry; 0 before the first."""
        with reading(self._engine) as connection:
            return self._last(connection)

    def log(self, most: int | None = None) -> tuple[LogEntry, ...]:
        """The last entries, the oldest of them first."""
        with reading(self._engine) as connection:
            query = select(_log).where(_log.c.farm == self._farm).order_by(_log.c.id.desc()).limit(most)
            return tuple(_entry(row) for row in connection.execute(query).all()[::-1])

    @contextlib.contextmanager
    def _changing(self) -> Iterator[tuple[Connection, int]]:
        """A transaction that excludes other changes, in which the controls whose time is over are ended first."""
        with translated("the ledger can't be written"), self._engine.connect() as connection:
            if self._engine.dialect.name == "sqlite":
                # otherwise the transaction would begin with the first write, after what it was decided by
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("LOCK TABLE controls IN SHARE ROW EXCLUSIVE MODE")
            now_ms = self._now_ms()
            for control in self._in_force(connection).ended(now_ms):
                self._write(connection, Followed(ends=control, entry=_over(control)))
            yield connection, now_ms
            connection.commit()

    def _in_force(self, connection: Connection) -> Controls:
        rows = connection.execute(select(_controls).where(_controls.c.farm == self._farm)).all()
        return Controls(_control(row) for row in rows)

    def _last(self, connection: Connection) -> int:
        query = select(func.max(_log.c.id)).where(_log.c.farm == self._farm)
        return int(connection.execute(query).scalar() or 0)

    def _entries(self, connection: Connection, condition: Any) -> tuple[LogEntry, ...]:
        query = select(_log).where(_log.c.farm == self._farm, condition).order_by(_log.c.id)
        return tuple(_entry(row) for row in connection.execute(query))

    def _write(self, connection: Connection, outcome: Followed) -> Followed:
        if outcome.ends is not None:
            key = self._key(outcome.ends.target, outcome.ends.source)
            connection.execute(delete(_controls).where(*(_controls.c[name] == value for name, value in key.items())))
        if outcome.begins is not None:
            one = outcome.begins
            row = {
                **self._key(one.target, one.source),
                "action": one.action.value,
                "since": one.since_ms,
                "until": one.until_ms,
                "stop_after_s": one.stop_after_s,
                "who": one.who,
                "reason": one.reason,
            }
            connection.execute(insert(_controls).values(row))
        entry = outcome.entry
        row = {
            **self._key(entry.target, entry.source),
            "at": entry.at_ms,
            "change": entry.change.value,
            "until": entry.until_ms,
            "stop_after_s": entry.stop_after_s,
            "who": entry.who,
            "reason": entry.reason,
        }
        connection.execute(insert(_log).values(row))
        return outcome

    def _key(self, target: Target, source: Source) -> dict[str, str]:
        return {"farm": self._farm, "kind": target.kind.value, "name": target.name, "source": source.value}


def _over(control: Control) -> LogEntry:
    return LogEntry(
        at_ms=control.until_ms or 0, change=ControlChange.END, target=control.target, who=_CLOCK, source=control.source
    )


def _target(row: Any) -> Target:
    return Target(kind=TargetKind(row.kind), name=row.name)


def _control(row: Any) -> Control:
    return Control(
        target=_target(row),
        action=Action(row.action),
        since_ms=row.since,
        until_ms=row.until,
        stop_after_s=row.stop_after_s,
        who=row.who,
        reason=row.reason,
        source=Source(row.source),
    )


def _entry(row: Any) -> LogEntry:
    return LogEntry(
        number=row.id,
        at_ms=row.at,
        change=ControlChange(row.change),
        target=_target(row),
        until_ms=row.until,
        stop_after_s=row.stop_after_s,
        who=row.who,
        reason=row.reason,
        source=Source(row.source),
    )
