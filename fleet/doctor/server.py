"""The NeoNet server: whether it answers as one, how fast, by which release, and by what clock."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from fleet.doctor.certificates import certificate_diagnoses
from fleet.doctor.clocks import judged_clock
from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.errors import Banned, CallError, NoSuchCall, RateLimited
from fleet.server.denials import error_of
from fleet.server.http.by_requests import RequestsEngine
from fleet.server.http.interface import Options, Request, Response
from fleet.server.http.request_thread import verifying
from fleet.server.prospect import verdict_of

#: not the id of any miner, so that the server doesn't know it
_NOBODY = "/ai-energy/contributor/fleet-doctor"
_PHASE = "/api/decentralization/status"
_RULE = "/api/rewards/current"
#: milliseconds above which few jobs can be done on one connection
_SLOW_MS = 2_000.0
_DEADLINE_S = 5.0
#: (operator named in the decentralization status, whether the reward rule is stated) → release
_RELEASES = {("replit", False): "a", ("replit", True): "b", ("bootstrap", True): "c"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answered:
    """An answer, and how long it took."""

    response: Response
    took_ms: float
    #: Unix seconds in the middle of the exchange
    at: float


def server_diagnoses(server: str, options: Options) -> Iterator[Diagnosis]:
    """The diagnoses of the server at a base URL, by three GET requests, which count towards its rate limit.

    None of them names a miner, and none changes anything.
    """
    base = server.rstrip("/")
    limited = replace(options, connections=1, deadline_s=min(options.deadline_s, _DEADLINE_S))
    answers = asyncio.run(_asked(base, limited))
    first = answers[0]
    yield from _reachable(base, first)
    if isinstance(first, CallError):
        return
    yield _latency([one.took_ms for one in answers if isinstance(one, _Answered)])
    yield _release(*answers[1:])
    yield judged_date(first.response.date, first.at, first.took_ms)
    parts = urlsplit(base)
    if parts.scheme != "https":
        return
    if options.proxy:
        yield not_checked("server certificate", "a proxy stands in between; calls through it do verify")
        return
    context = verifying(options)
    yield from certificate_diagnoses(
        "server certificate", parts.hostname or "", parts.port or 443, context, now=time.time(), timeout_s=_DEADLINE_S
    )


async def _asked(base: str, options: Options) -> list[_Answered | CallError]:
    """The answers over one connection. Stops after a call without an answer, or whose answer asks for fewer calls."""
    engine = RequestsEngine(options)
    answers: list[_Answered | CallError] = []
    try:
        for path in (_NOBODY, _PHASE, _RULE):
            began, at = time.monotonic(), time.time()
            try:
                response = await engine.send(Request(url=base + path))
            except CallError as exc:
                answers.append(exc)
                break
            took_s = time.monotonic() - began
            answers.append(_Answered(response=response, took_ms=took_s * 1000, at=at + took_s / 2))
            if isinstance(_error(response), RateLimited | Banned):
                break
    finally:
        await engine.close()
    return answers


def _reachable(base: str, first: _Answered | CallError) -> Iterator[Diagnosis]:
    """What the call about an unknown miner shows: a server with mining calls states that it does not know it."""
    subject = "server"
    error = first if isinstance(first, CallError) else _error(first.response)
    if isinstance(error, RateLimited):
        yield warn(
            subject, f"{base} answers, and refuses calls for now: {error}", "wait; fewer miners need fewer calls"
        )
        return
    if isinstance(error, Banned | NoSuchCall) or isinstance(first, CallError) or _is_foreign(first.response):
        verdict = None if error is None else verdict_of(error, base)
        words = verdict.text if verdict is not None else f"something else answers in place of {base}"
        yield fail(subject, words, _advice(error))
        return
    yield ok(subject, f"{base} answers, and has the calls for mining")


def _advice(error: CallError | None) -> str:
    if isinstance(error, Banned):
        return "stop the farm for as long as the ban lasts, and let fewer miners call"
    if error is None or isinstance(error, NoSuchCall):
        return "look at that URL in a browser, and correct FLEET_SERVER"
    return (
        "start the server, or correct FLEET_SERVER, the proxy, FLEET_HTTP__CA_FILE, or this machine's DNS and firewall"
    )


def _error(response: Response) -> CallError | None:
    if response.status == 200:
        return None
    return error_of(response.status, response.body, response.retry_after_s, response.location)


def _is_foreign(response: Response) -> bool:
    """Whether something other than a NeoNet server answered: its calls answer JSON, or a plain-text 500."""
    return response.status != 500 and _fields(response) is None


def _fields(response: Response) -> dict[str, Any] | None:
    try:
        found = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _latency(took_ms: list[float]) -> Diagnosis:
    """The diagnosis of the quickest answer, since the first one includes the connection."""
    best = min(took_ms)
    if best > _SLOW_MS:
        words = "try from another network; a far or busy server pays less, since each job takes two calls"
        return warn("server latency", f"an answer takes {best:,.0f} ms", words)
    return ok("server latency", f"an answer takes {best:.0f} ms")


def _release(phase: _Answered | CallError | None = None, rule: _Answered | CallError | None = None) -> Diagnosis:
    """Which recorded release the server resembles; servers state no version."""
    subject = "server release"
    fields = _fields(phase.response) if isinstance(phase, _Answered) and phase.response.status == 200 else None
    if fields is None or not isinstance(rule, _Answered):
        return not_checked(subject, "the server does not state its figures")
    origin = next((name for name in ("replit", "bootstrap") if f"{name}_load" in fields), "")
    name = _RELEASES.get((origin, rule.response.status == 200))
    return ok(subject, f"it answers like release {name}" if name else "it is none of the recorded ones")


def judged_date(header: str, now: float, took_ms: float) -> Diagnosis:
    """The diagnosis of the server's clock by its Date header, which has whole seconds. `now` is Unix seconds."""
    try:
        stated = parsedate_to_datetime(header).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return not_checked("server clock", "the server states no time")
    return judged_clock("server clock", stated + 0.5 - now, took_ms)
