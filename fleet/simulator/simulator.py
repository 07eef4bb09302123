"""One simulated server without its sockets: limit, faults, world and book combined."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from email.utils import formatdate
from random import Random

from fleet.simulator.answers import SERVER_ERROR, TOO_MANY, Answer, detail
from fleet.simulator.assignments import JobMaker, Tamper
from fleet.simulator.bans import Bans, parse_ban
from fleet.simulator.book import Book
from fleet.simulator.cashier import Cashier
from fleet.simulator.census import Census
from fleet.simulator.counters import Counters
from fleet.simulator.endpoints import ApiRequest, Moment, answer
from fleet.simulator.faultkinds import FaultKind, Stage
from fleet.simulator.faults import Fault, FaultTable
from fleet.simulator.garbage import garble, html_page, proxy_page
from fleet.simulator.jobids import JobIds
from fleet.simulator.joblist import JobList
from fleet.simulator.mix import TypeDraw
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import SlidingWindow
from fleet.simulator.tampering import replaced_job, tamper_of
from fleet.simulator.wallets import Wallets
from fleet.simulator.world import World

_REFUSALS: Mapping[FaultKind, Answer] = {
    FaultKind.ERROR_BEFORE: SERVER_ERROR,
    FaultKind.BAD_GATEWAY: html_page(502, "502 Bad Gateway"),
    FaultKind.UNAVAILABLE: html_page(503, "503 Service Temporarily Unavailable"),
    FaultKind.NO_SESSION: detail(400, "No active session. Start a session first."),
}
_GONE = Fault(kind=FaultKind.DROP_BEFORE)


class Simulator:
    """Answers calls. The caller passes in both clocks and sends the bytes.

    `now` is Unix seconds, `monotonic_s` any clock that never jumps.
    """

    def __init__(self, options: SimulatorOptions, *, now: float) -> None:
        self.options = options
        self.seed = secrets.randbits(48) if options.seed is None else options.seed
        dialect = options.spoken
        self._rng = Random(self.seed)
        self._maker = JobMaker(dialect, TypeDraw(options.mix, dialect.job_types), self.seed)
        self._window = SlidingWindow(options.rate_limit)
        self.bans = Bans()
        self.book = Book()
        self.counters = Counters()
        self.faults = FaultTable(options.faults, Random(self.seed + 1))
        #: first answers by endpoint and miner, for the STALE fault
        self._cached: dict[tuple[str, str], Answer] = {}
        self.world = World(
            dialect=dialect,
            maker=self._maker,
            jobs=JobList(JobIds(self.seed)),
            census=Census(options.strangers, now, shutdown_at=options.shutdown_at),
            rng=self._rng,
            cashier=Cashier(self.book, Wallets(save_every_s=dialect.saves_balances_every_s, now=now)),
            counters=self.counters,
            started_at=now,
        )

    def refusal(self, call: ApiRequest, address: str, monotonic_s: float) -> Answer | None:
        """Count a request. Returns the answer where a ban or the limit refuses it, and None where it is admitted."""
        self.counters.request(call.endpoint)
        banned = self.bans.refusal(address, monotonic_s)
        if banned is not None:
            self.counters.refused_403 += 1
            return banned
        if self._window.admit(address, monotonic_s):
            return None
        self.counters.refused_429 += 1
        return TOO_MANY

    def fault_for(self, call: ApiRequest) -> Fault | None:
        """The fault that affects this call, or None. A server that has ended its service drops every connection."""
        if self.world.census.is_down:
            return _GONE
        return self.faults.draw(call.endpoint, miner_of(call)) if self.faults else None

    def delay_s(self, call: ApiRequest) -> float:
        """Seconds of delay for the call, there and back."""
        return self.options.latency.draw_s(call.endpoint, self._rng, jobs_so_far=self.world.jobs.made)

    def perform(
        self, call: ApiRequest, fault: Fault | None, *, address: str = "", now: float, monotonic_s: float
    ) -> Answer:
        """Carry out the call from `address` as far as the fault allows, and return the answer."""
        if fault is None:
            return self._answer(call, None, now, monotonic_s)
        if fault.kind is FaultKind.FORGET:
            self.forget(now)
            return self._answer(call, None, now, monotonic_s)
        if fault.kind is FaultKind.BLOCKED:
            return self.bans.ban(address, parse_ban(fault.text), monotonic_s)
        if fault.kind is FaultKind.PAGE:
            return proxy_page(int(fault.text))
        if fault.stage is Stage.BEFORE:
            return _REFUSALS.get(fault.kind) or refused(fault, now)
        if fault.stage is Stage.JOB:
            replaced = replaced_job(fault, self.world, self._maker, miner_of(call)) if call.endpoint == "task" else None
            return Answer(body=replaced) if replaced else self._answer(call, tamper_of(fault), now, monotonic_s)
        right = self._answer(call, None, now, monotonic_s)
        if fault.kind is FaultKind.STALE:
            return self._cached.setdefault((call.endpoint, miner_of(call)), right)
        return garble(fault, right) if fault.stage is Stage.ANSWER else right

    def forget(self, now: float, *, keep_balances: bool = False) -> None:
        """Lose everything but the book and the saved balances at Unix second `now`, as a restart does.

        With `keep_balances` they are saved at that moment, so that no wallet loses anything.
        """
        self.world.pass_time(now)
        if keep_balances:
            self.world.cashier.wallets.save()
        self.world.forget()

    def _answer(self, call: ApiRequest, tamper: Tamper | None, now: float, monotonic_s: float) -> Answer:
        self.world.pass_time(now)
        moment = Moment(now=now, load=lambda: self._window.used(monotonic_s), rng=self._rng, tamper=tamper)
        return answer(self.world, call, moment)


def miner_of(call: ApiRequest) -> str:
    """The miner of a call, in lower case; empty where it names none."""
    if call.argument:
        return call.argument.lower()
    try:
        fields = json.loads(call.body or b"{}")
    except (ValueError, RecursionError):
        return ""
    name = fields.get("contributor_id") if isinstance(fields, dict) else None
    return name.lower() if isinstance(name, str) else ""


def refused(fault: Fault, now: float) -> Answer:
    """A 429 caused by a fault, with its Retry-After."""
    if not fault.value:
        return TOO_MANY
    retry_after = formatdate(now + 5, usegmt=True) if fault.value == "date" else fault.value
    return Answer(status=TOO_MANY.status, body=TOO_MANY.body, headers=(("Retry-After", retry_after),))
