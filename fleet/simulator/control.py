"""The simulator's control endpoints under /simulator/: the book, the counters, the faults, wallets, strangers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import cast

from fleet.simulator.answers import NOT_FOUND, Answer, answer_json, detail
from fleet.simulator.errors import OptionError
from fleet.simulator.faults import Fault, build_fault, parse_fault
from fleet.simulator.simulator import Simulator
from fleet.simulator.strangers import parse_strangers

PREFIX = "/simulator/"
#: default maximum of payments in one answer of the book
MOST_PAYMENTS = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Inquiry:
    """The parts of a control call that its answer depends on."""

    query: Mapping[str, str]
    body: bytes
    #: Unix seconds
    now: float


def control(simulator: Simulator, method: str, path: str, inquiry: Inquiry) -> Answer:
    """Answer one control call. A malformed one gets a 400 that says what is allowed."""
    deed = _DEEDS.get((method, path.removeprefix(PREFIX)))
    try:
        return NOT_FOUND if deed is None else answer_json(deed(simulator, inquiry))
    except OptionError as exc:
        return detail(400, str(exc))


def book_stated(simulator: Simulator, query: Mapping[str, str]) -> dict[str, object]:
    """Exact totals and counters; without `totals` also the payments, from `since` on, at most `limit` of them.

    `next` is the `since` of the following page, null on the last one. `miner` restricts payments and totals.
    """
    miner = query["miner"].lower() if "miner" in query else None
    stated: dict[str, object] = {"dialect": simulator.options.dialect, **simulator.book.totals(miner)}
    stated["counters"] = counters_stated(simulator)
    if query.get("totals", "") in {"", "0"}:
        since, limit = _whole(query, "since", 0), _whole(query, "limit", MOST_PAYMENTS)
        rows = list(islice(simulator.book.rows(miner=miner, since=since), limit + 1))
        stated["payments_made"] = [_with_id(simulator, row) for _, row in rows[:limit]]
        stated["next"] = rows[limit][0] if len(rows) > limit else None
    return stated


def counters_stated(simulator: Simulator) -> dict[str, object]:
    """Counts of requests, jobs, sessions and heartbeats."""
    world = simulator.world
    return {
        **simulator.counters.snapshot(),
        "sessions_open": world.census.sessions,
        "contributors": len(world.contributors),
        "jobs_open": world.jobs.open_count(),
    }


def sessions_stated(simulator: Simulator) -> list[dict[str, object]]:
    """Every session since the last forgetting, with the seconds between its heartbeats."""
    return [
        {
            "session_id": session.session_id,
            "miner": session.contributor_id,
            "status": "active" if session.active else "stopped",
            "heartbeats": session.heartbeats,
            "shortest_interval_s": session.shortest_interval_s,
            "longest_interval_s": session.longest_interval_s,
            "last_interval_s": session.last_interval_s,
            "last_heartbeat_at": session.last_heartbeat,
            "tasks_completed": session.tasks_completed,
        }
        for session in simulator.world.sessions.values()
    ]


def change_faults(simulator: Simulator, body: bytes) -> None:
    """`{"faults": […]}` replaces the faults, `{"add": […]}` adds some; each is an object or a line of text."""
    wanted = _object(body)
    if not wanted.keys() & {"faults", "add"} or wanted.keys() - {"faults", "add"}:
        raise OptionError("body", body[:80], 'an object with "faults" or "add"')
    replacing = _faults(wanted["faults"]) if "faults" in wanted else None
    adding = _faults(wanted.get("add", []))
    if replacing is not None:
        simulator.faults.set(replacing)
    simulator.faults.add(adding)


def _forget(simulator: Simulator, inquiry: Inquiry) -> dict[str, object]:
    """An empty body, or `{"keep_balances": true}` so that no wallet loses anything."""
    keep = _object(inquiry.body).get("keep_balances", False) if inquiry.body else False
    if not isinstance(keep, bool):
        raise OptionError("keep_balances", keep, "true or false")
    simulator.forget(inquiry.now, keep_balances=keep)
    return {"forgotten": True}


def _unban(simulator: Simulator, _inquiry: Inquiry) -> dict[str, object]:
    simulator.bans.lift()
    return {"banned": []}


def _switch(simulator: Simulator, inquiry: Inquiry) -> dict[str, object]:
    change_faults(simulator, inquiry.body)
    return {"faults": simulator.faults.stated()}


def _invite(simulator: Simulator, inquiry: Inquiry) -> dict[str, object]:
    """`{"schedule": "0@0s,100@10m"}`: other miners come and go by a new schedule that starts now."""
    simulator.world.census.invite(parse_strangers(str(_object(inquiry.body).get("schedule"))), inquiry.now)
    return {"strangers": simulator.world.census.strangers}


def _move_money(simulator: Simulator, inquiry: Inquiry) -> dict[str, object]:
    """`{"from": ID, "to": ID, "amount": NNET}` sends money as the wallet's owner, or a thief, would."""
    wanted = _object(inquiry.body)
    source, target, amount = (wanted.get(name) for name in ("from", "to", "amount"))
    if not (isinstance(source, str) and isinstance(target, str) and isinstance(amount, int | float)):
        raise OptionError("body", inquiry.body[:80], 'an object with "from" and "to" (ids) and "amount" (NNET)')
    wallets = simulator.world.cashier.wallets
    wallets.move(source.lower(), target.lower(), amount)
    return {"balances": wallets.balances()}


def _object(body: bytes) -> dict[str, object]:
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise OptionError("body", body[:80], "a JSON object") from exc
    if not isinstance(wanted, dict):
        raise OptionError("body", body[:80], "a JSON object")
    return wanted


def _faults(listed: object) -> list[Fault]:
    if not isinstance(listed, list):
        raise OptionError("faults", listed, "a list")
    faults = []
    for item in listed:
        if not isinstance(item, str | dict):
            raise OptionError("faults", item, "objects or lines of text")
        faults.append(parse_fault(item) if isinstance(item, str) else build_fault(item))
    return faults


def _with_id(simulator: Simulator, row: dict[str, object]) -> dict[str, object]:
    number = row["job_id"]
    return row | {"job_id": None if number is None else simulator.world.jobs.job_id(cast("int", number))}


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise OptionError(name, text, "a whole number")
    return int(text)


_DEEDS: Mapping[tuple[str, str], Callable[[Simulator, Inquiry], Mapping[str, object]]] = {
    ("GET", "book"): lambda simulator, inquiry: book_stated(simulator, inquiry.query),
    ("GET", "requests"): lambda simulator, _: counters_stated(simulator),
    ("GET", "sessions"): lambda simulator, _: {"sessions": sessions_stated(simulator)},
    ("POST", "forget"): _forget,
    ("GET", "faults"): lambda simulator, _: {"faults": simulator.faults.stated()},
    ("POST", "faults"): _switch,
    ("POST", "unban"): _unban,
    ("GET", "strangers"): lambda simulator, _: {"strangers": simulator.world.census.strangers},
    ("POST", "strangers"): _invite,
    ("GET", "wallets"): lambda simulator, _: {"balances": simulator.world.cashier.wallets.balances()},
    ("POST", "wallets"): _move_money,
}
