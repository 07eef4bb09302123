"""The simulator's control endpoints under /simulator/: the book, the counters, the faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import cast

from fleet.simulator.answers import NOT_FOUND, Answer, answer_json, detail
from fleet.simulator.errors import OptionError
from fleet.simulator.faults import Fault, build_fault, parse_fault
from fleet.simulator.simulator import Simulator

PREFIX = "/simulator/"
#: default maximum of payments in one answer of the book
MOST_PAYMENTS = 100_000


def control(
    simulator: Simulator, method: str, path: str, query: Mapping[str, str], body: bytes, *, now: float
) -> Answer:
    """Answer one control call at Unix second `now`. A malformed one gets a 400 that says what is allowed."""
    name = path.removeprefix(PREFIX)
    try:
        if (method, name) == ("GET", "book"):
            return answer_json(book_stated(simulator, query))
        if (method, name) == ("GET", "requests"):
            return answer_json(counters_stated(simulator))
        if (method, name) == ("GET", "sessions"):
            return answer_json({"sessions": sessions_stated(simulator)})
        if (method, name) == ("POST", "forget"):
            simulator.forget(now)
            return answer_json({"forgotten": True})
        if name == "faults" and method in {"GET", "POST"}:
            if method == "POST":
                change_faults(simulator, body)
            return answer_json({"faults": simulator.faults.stated()})
    except OptionError as exc:
        return detail(400, str(exc))
    return NOT_FOUND


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
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise OptionError("body", body[:80], "a JSON object") from exc
    if not isinstance(wanted, dict) or not wanted.keys() & {"faults", "add"} or wanted.keys() - {"faults", "add"}:
        raise OptionError("body", body[:80], 'an object with "faults" or "add"')
    replacing = _faults(wanted["faults"]) if "faults" in wanted else None
    adding = _faults(wanted.get("add", []))
    if replacing is not None:
        simulator.faults.set(replacing)
    simulator.faults.add(adding)


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
