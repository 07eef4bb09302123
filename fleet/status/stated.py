"""The JSON form of a snapshot: times in ISO 8601, exact amounts, None for what is not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from fleet.control.control import Control
from fleet.control.stated import control_stated
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.money.scopes import stamp
from fleet.status.snapshot import (
    Earnings,
    FarmSnapshot,
    LedgerFigures,
    LossRow,
    MinerFigures,
    Projection,
    Queue,
    Requests,
    ServerFigures,
    SignatureFigures,
    WorkRow,
    Wrong,
)

#: rises when a field changes its meaning
VERSION = 1


def head_stated(snapshot: FarmSnapshot) -> dict[str, Any]:
    """The figures for JSON, without the miners' rows."""
    recent_s = snapshot.earnings.recent_s
    return {
        "v": VERSION,
        "at": stamp(snapshot.at_ms),
        "at_ms": snapshot.at_ms,
        "started_at": stamp(snapshot.started_ms),
        "release": snapshot.release,
        "server": snapshot.server,
        "simulated": snapshot.simulated,
        "state": snapshot.state,
        "earnings": _earnings(snapshot.earnings),
        "sessions": dict(snapshot.sessions),
        "job_types": [work_stated(row, recent_s) for row in snapshot.types],
        "hosts": [work_stated(row, recent_s) | _slots(row) for row in snapshot.hosts],
        "requests": _requests(snapshot.requests),
        "servers": [_server(row, recent_s) for row in snapshot.servers],
        "queue": _queue(snapshot.queue),
        "losses": None if snapshot.losses is None else [_loss(row) for row in snapshot.losses],
        "ledger": _ledger(snapshot.ledger),
        "gas": None if snapshot.gas is None else dict(snapshot.gas),
        "phase": None if snapshot.phase is None else dict(snapshot.phase),
        "advice": [{"server": name or snapshot.server, "advice": text} for name, text in snapshot.advice.items()],
        "controls": controls_stated(snapshot.controls, Calendar(snapshot.earnings.time_zone), snapshot.at_ms),
        "signatures": [_signatures(row) for row in snapshot.signatures],
        "wrong": [_wrong(one) for one in snapshot.wrong],
    }


def controls_stated(controls: Iterable[Control], calendar: Calendar, now_ms: int) -> list[dict[str, Any]]:
    """What is paused or drained, for JSON, with the words that screens show."""
    return [control_stated(one, calendar, now_ms) for one in controls]


def miner_stated(row: MinerFigures) -> dict[str, Any]:
    """A miner's figures for JSON."""
    return {
        "miner": row.name,
        "state": row.state,
        "ledger_nnet": row.ledger,
        "today_nnet": row.today,
        "recent_nnet": row.recent,
        "paid": row.paid,
        "lost": row.lost,
        "last_paid_at": stamp(row.last_paid_ms),
        "unexplained_nnet": row.unexplained,
        "server": row.server or None,
        "waits_for_type": row.waits_for_type or None,
    }


def work_stated(row: WorkRow, recent_s: float) -> dict[str, Any]:
    """The figures of a job type or a host for JSON."""
    return {
        "name": row.name,
        "computed": row.computed,
        "failed": row.failed,
        "recent_jobs": row.recent_jobs,
        "jobs_per_s": round(row.recent_jobs / recent_s, 4),
        "recent_nnet": row.recent,
        "nnet_per_core_hour": round(float(row.recent) / row.recent_kernel_s * 3600, 6) if row.recent_kernel_s else None,
        "last_job_at": stamp(row.last_ms),
    }


def _slots(row: WorkRow) -> dict[str, Any]:
    checks = None if row.checks is None else asdict(row.checks)
    return {
        "free_slots": row.free_slots,
        "busy_slots": row.busy_slots,
        "idle_while_jobs_waited_s": None if row.idle_s is None else round(row.idle_s, 1),
        "checks": checks,
    }


def _projected(one: Projection | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"nnet": round(one.nnet, 6), "low": round(one.low, 6), "high": round(one.high, 6), "by": one.by}


def _loss(row: LossRow) -> dict[str, Any]:
    return {"cause": row.cause, "jobs": row.jobs, "not_earned_nnet": row.amount or ZERO}


def _earnings(earnings: Earnings) -> dict[str, Any]:
    return {
        "nnet_per_minute": round(earnings.per_minute, 6),
        "recent_nnet": earnings.recent,
        "recent_s": round(earnings.recent_s, 1),
        "today_nnet": earnings.today,
        "yesterday_nnet": earnings.yesterday,
        "projected_day": _projected(earnings.projected),
        "ledger_nnet": earnings.ledger,
        "last_paid_at": stamp(earnings.last_paid_ms),
        "time_zone": earnings.time_zone,
    }


def _server(row: ServerFigures, recent_s: float) -> dict[str, Any]:
    return {
        "server": row.name,
        "account": row.account,
        "state": row.state,
        "nnet_per_minute": round(float(row.recent) / recent_s * 60, 6),
        "today_nnet": row.today,
        "ledger_nnet": row.ledger,
        "miners": row.miners,
        "in_session": row.in_session,
        "requests": _requests(row.requests),
    }


def _requests(requests: Requests) -> dict[str, Any]:
    return {
        "limit": requests.limit,
        "window_s": requests.window_s,
        "used": requests.used,
        "headroom": max(requests.limit - requests.used, 0),
        "refused_429": requests.refused,
        "more_miners": requests.more_miners,
        "left_out_miners": requests.left_out,
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "messages": queue.messages,
        "by_queue": dict(queue.by_queue),
        "open_jobs": queue.open_jobs,
        "at_workers": queue.at_workers,
        "oldest_s": None if queue.oldest_s is None else round(queue.oldest_s, 1),
    }


def _ledger(books: LedgerFigures) -> dict[str, Any]:
    return {
        "commit_median_ms": round(books.commit_median_ms, 3),
        "commit_worst_ms": round(books.commit_worst_ms, 3),
        "unexplained_nnet": books.unexplained,
    }


def _signatures(row: SignatureFigures) -> dict[str, Any]:
    return {
        "host": row.host,
        "wrong": row.wrong,
        "foreign": row.foreign,
        "unsigned": row.unsigned,
        "accepted_unsigned": row.accepted,
    }


def _wrong(one: Wrong) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "subject": one.subject,
        "severity": one.severity.value,
        "text": one.text,
        "help": one.help,
        "since": stamp(one.since_ms),
        "nnet_per_day": None if one.nnet_per_day is None else round(one.nnet_per_day, 6),
    }
