"""What a farm is and earns, for a process beside it: from its snapshot, or from its ledger while it does not run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.settings import Settings
from fleet.control.control import Control
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.errors import LedgerError
from fleet.ledger.controls import ControlBook, farm_key
from fleet.ledger.reports.advice import kept_advice
from fleet.ledger.reports.rewards import Reward, rewards_by
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import SIMULATOR, LedgerPlace, farm_dir, ledger_to_read
from fleet.status.snapshot_file import SNAPSHOT_FILE, ReadSnapshot, read_snapshot
from fleet.status.stated import controls_stated
from tasks.text import sanitized

#: figures of a snapshot that describe only the present
_OF_THE_PRESENT = ("sessions", "job_types", "hosts", "requests", "queue", "gas", "phase")


@dataclass(frozen=True, kw_only=True, slots=True)
class FarmStanding:
    """A farm's figures, and what is known of its coordinator."""

    #: `mining`, `draining`, `ended`, `silent` (it gives no sign of life), or `never`
    coordinator: str
    #: seconds since its last sign; None if there was none
    age_s: float | None
    #: as in `fleet.status.stated`; a figure that is unknown now is None
    figures: Mapping[str, Any]

    @property
    def runs(self) -> bool:
        """Whether the figures are of the present."""
        return self.coordinator in {"mining", "draining"}

    @property
    def printable(self) -> FarmStanding:
        """The same for a terminal, which no text in it can command."""
        return replace(self, figures=_printable(self.figures))

    def stated(self) -> dict[str, Any]:
        """The standing for JSON."""
        at = self.figures.get("at")
        age_s = None if self.age_s is None else round(self.age_s, 1)
        return {"coordinator": {"state": self.coordinator, "last_sign_at": at, "age_s": age_s}, **self.figures}


def status_folder(settings: Settings) -> Path:
    """The folder with the farm's snapshot: that of the ledger which reports read."""
    if settings.simulated and ledger_to_read(settings).simulated:
        return settings.state_dir / SIMULATOR
    if settings.simulated and settings.ledger_url is not None and not (settings.state_dir / SNAPSHOT_FILE).exists():
        return farm_dir(settings)
    return settings.state_dir


def standing(folder: Path, place: LedgerPlace, now_ms: int, calendar: Calendar | None = None) -> FarmStanding:
    """The standing of the farm whose snapshot is in `folder`.

    Days are those of the snapshot, or of the calendar (UTC by default) where the ledger is read. Raises LedgerError
    when the farm does not run and its ledger, which it has, can't be read.
    """
    found = read_snapshot(folder, now_ms)
    if found is not None and found.usable:
        return FarmStanding(coordinator=found.figures["state"], age_s=found.age_s, figures=found.figures)
    state = "never" if found is None else "ended" if found.ended else "silent"
    figures = _of_ledger(place, found, now_ms, calendar or Calendar())
    return FarmStanding(coordinator=state, age_s=None if found is None else found.age_s, figures=figures)


def _of_ledger(place: LedgerPlace, found: ReadSnapshot | None, now_ms: int, calendar: Calendar) -> dict[str, Any]:
    """The figures that a ledger holds, and None for all others."""
    last = {} if found is None else found.figures
    server = last.get("server")
    servers = last.get("servers") or ([] if server is None else [{"server": server, "account": server}])
    accounts = {row["account"] for row in servers}
    try:
        rewards = _at(accounts, rewards_by(place, "miner"))
        days = _at(accounts, rewards_by(place, "day", calendar=calendar))
        controls = _controls(place, servers[0]["account"] if servers else "", now_ms)
        advice = _advice(place, servers)
    except LedgerError:
        if found is not None or (place.file is not None and place.file.exists()):
            raise
        rewards, days, controls, advice = [], [], [], []
    known = {row["miner"]: row for row in last.get("miners", [])}
    return {
        "v": last.get("v"),
        "at": last.get("at"),
        "started_at": last.get("started_at"),
        "release": last.get("release"),
        "server": server,
        "servers": [_server(row, rewards) for row in servers],
        "simulated": last.get("simulated", place.simulated),
        "earnings": _earnings(last, rewards, days, calendar.day(now_ms), calendar),
        **dict.fromkeys(_OF_THE_PRESENT),
        "losses": last.get("losses"),
        "ledger": last.get("ledger"),
        "advice": advice,
        "controls": controls_stated(controls, calendar, now_ms),
        "wrong": [],
        "miners": [_miner(row.group, row.total_nnet, known.get(row.group, {})) for row in rewards],
    }


def _earnings(
    last: Mapping[str, Any], rewards: Iterable[Reward], days: Sequence[Reward], today: date, calendar: Calendar
) -> dict[str, Any]:
    return {
        "nnet_per_minute": None,
        "recent_nnet": None,
        "recent_s": None,
        "today_nnet": _of_day(days, today),
        "yesterday_nnet": _of_day(days, today - timedelta(days=1)),
        "projected_day": None,
        "ledger_nnet": sum((row.total_nnet for row in rewards), ZERO),
        "last_paid_at": last.get("earnings", {}).get("last_paid_at"),
        "time_zone": calendar.name,
    }


def _controls(place: LedgerPlace, account: str, now_ms: int) -> list[Control]:
    """What the next start will follow. `account` is the farm's first server in the ledger."""
    book = ControlBook(open_engine(place.url, read_only=True), farm_key(place, account), lambda: now_ms)
    try:
        return list(book.in_force())
    finally:
        book.close()


def _advice(place: LedgerPlace, servers: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What would have earned more at these servers when the farm last ran."""
    names = {row["account"]: row["server"] for row in servers}
    kept = ((names.get(one.server), one.advice.sentence) for one in kept_advice(place))
    return [{"server": name, "advice": text} for name, text in kept if name is not None]


def _at(accounts: Collection[str], rows: Sequence[Reward]) -> list[Reward]:
    """The rows of these servers; of all, if none is named."""
    return [row for row in rows if not accounts or row.server in accounts]


def _of_day(rows: Iterable[Reward], day: date) -> Decimal:
    return sum((row.total_nnet for row in rows if row.group == day.isoformat()), ZERO)


def _server(last: Mapping[str, Any], rewards: Sequence[Reward]) -> dict[str, Any]:
    """What the ledger holds of one of the farm's servers."""
    known = dict.fromkeys(("state", "nnet_per_minute", "today_nnet", "miners", "in_session", "requests"))
    total = sum((row.total_nnet for row in rewards if row.server == last["account"]), ZERO)
    return {"server": last["server"], "account": last["account"], **known, "ledger_nnet": total}


def _miner(name: str, total: Decimal, last: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "miner": name,
        "state": None,
        "ledger_nnet": total,
        "today_nnet": None,
        "recent_nnet": None,
        "paid": None,
        "lost": None,
        "last_paid_at": last.get("last_paid_at"),
        "unexplained_nnet": last.get("unexplained_nnet"),
    }


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return sanitized(value)
    if isinstance(value, Mapping):
        return {_printable(name): _printable(one) for name, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list | tuple) else value
