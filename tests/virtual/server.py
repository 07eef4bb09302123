"""The simulated server under virtual time: requests and answers cross the real wire format, without a socket."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar
from urllib.parse import unquote

from fleet.errors import CallError, NoAnswer, Unreachable
from fleet.server.client import Client
from fleet.server.http.interface import Request, Response
from fleet.simulator.endpoints import ApiRequest, parse_request
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.simulator import Simulator
from tests.virtual.plan import Plan
from tests.virtual.timeline import EPOCH_S, ThreadTime, Timeline

DEADLINE_S = 15.0
T = TypeVar("T")
_REFUSED_S = 0.01
_ADDRESS = "farm"
#: the wallet that receives stolen money
_THIEF = "neo1thief"
_NOTHING_DONE = frozenset({FaultKind.HANG_BEFORE, FaultKind.DROP_BEFORE})
_DROPPED = frozenset({FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER})
_HANGING = frozenset({FaultKind.HANG_BEFORE, FaultKind.HANG_AFTER, FaultKind.HANG_BODY, FaultKind.TRICKLE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A request that reached the server."""

    endpoint: str
    body: dict[str, Any]


class Server:
    """A simulator, and the times at which it can be reached."""

    def __init__(self, plan: Plan, timeline: Timeline, *, name: str = "") -> None:
        """`name` is the server's where there are several. All of them hand out jobs of the same ids."""
        options = SimulatorOptions(
            dialect=plan.dialect,
            seed=plan.seed,
            rate_limit=RateLimit(requests=plan.server_limit),
            faults=plan.faults,
            strangers=plan.strangers,
            **plan.rules,
        )
        self.simulator = Simulator(options, now=EPOCH_S)
        #: receives each request before it is answered
        self.watch: Callable[[Arrival], None] = lambda _: None
        #: number of payments in the book when the server last forgot everything; None before
        self.forgotten_at: int | None = None
        self._outages = plan.outages
        self._latency_s = plan.latency_s
        self._timeline = timeline
        self._rng = Random(f"server {name}{plan.seed}")
        self._clock = 0.0
        self._calm = False
        #: NNET that was sent from each wallet, and how much of it after the ledger knew a balance
        self.stolen: dict[str, float] = defaultdict(float)
        self.stolen_late: dict[str, float] = defaultdict(float)
        #: when each wallet was last stolen from
        self.stolen_at: dict[str, float] = {}
        #: miners whose balance the ledger knows
        self.watched: set[str] = set()
        for moment in plan.forget_times:
            timeline.at(moment, self.forget)
        for moment in plan.thefts:
            timeline.at(moment, self._steal)

    def forget(self) -> None:
        """Lose everything but the book, as a restart does."""
        self._timeline.trace("server forgets everything")
        # a restart takes more than a second, so a contributor's old and new records differ in their second
        dates = [contributor.registered_at for contributor in self.simulator.world.contributors.values()]
        self._clock = max(self._clock, max(dates, default=EPOCH_S) + 1 - EPOCH_S)
        self.simulator.forget(EPOCH_S + self._clock)
        self.forgotten_at = len(self.simulator.book)

    def _steal(self) -> None:
        wallets = self.simulator.world.cashier.wallets
        for miner_id, balance in wallets.balances().items():
            if balance and miner_id != _THIEF:
                self._timeline.trace(f"{balance / 2} NNET are sent from {miner_id}")
                wallets.move(miner_id, _THIEF, balance / 2)
                self.stolen[miner_id] += balance / 2
                self.stolen_at[miner_id] = self._timeline.now
                self.stolen_late[miner_id] += balance / 2 * (miner_id in self.watched)

    def calm(self) -> None:
        """From now on nothing fails."""
        self._calm = True
        self.simulator.faults.set(())
        self.simulator.bans.lift()
        self._outages = ()

    def way_s(self) -> float:
        """Seconds that a request takes to arrive; sometimes long."""
        way = self._latency_s / 2 * self._rng.lognormvariate(0, 0.5)
        long = self._rng.random() < 0.002
        return way * (100 if long and not self._calm else 1)

    def exchange(self, thread: ThreadTime, path: str, body: bytes | None) -> Response:
        """Answer a request of a call whose thread waits for it. Raises what the real client raises."""
        now = self._clock = max(self._clock, thread.now)
        if any(start <= now < end for start, end in self._outages):
            thread.now += _REFUSED_S
            raise Unreachable("connection refused")
        call = parse_request("GET" if body is None else "POST", unquote(path), body or b"")
        refusal = self.simulator.refusal(call, _ADDRESS, now)
        if refusal is not None:
            thread.now += self.way_s()
            answer = refusal
        else:
            fault = self.simulator.fault_for(call)
            self.watch(
                Arrival(endpoint=call.endpoint, body=json.loads(body) if body else {"contributor_id": call.argument})
            )
            if fault is not None and fault.kind in _NOTHING_DONE:
                self._lose(thread, fault.kind, call)
            paid = len(self.simulator.book)
            answer = self.simulator.perform(call, fault, address=_ADDRESS, now=EPOCH_S + now, monotonic_s=now)
            if self._timeline.tracing:
                self._say(call, answer.status, answer.body, fault.kind.value if fault else "", paid)
            if fault is not None and fault.kind in _DROPPED | _HANGING:
                self._lose(thread, fault.kind, call)
            way = self.way_s()
            if way > DEADLINE_S:
                self._lose(thread, FaultKind.HANG_AFTER, call)
            thread.now += way
        stated = dict(answer.headers).get("Retry-After", "")
        wish_s = float(stated) if stated.isdigit() else None
        return Response(status=answer.status, body=answer.body, retry_after_s=wish_s)

    def _lose(self, thread: ThreadTime, kind: FaultKind, call: ApiRequest) -> None:
        self._timeline.trace(f"server: {call.endpoint} gets no answer ({kind.value})")
        thread.now += DEADLINE_S if kind in _HANGING else _REFUSED_S
        raise NoAnswer(kind.value)

    def _say(self, call: ApiRequest, status: int, body: bytes, fault: str, paid: int) -> None:
        self._timeline.trace(
            f"server: {call.endpoint} {call.argument or call.body[:110]!r} -> {status} {fault} {body[:150]!r}"
        )
        for _, row in self.simulator.book.rows(since=paid):
            self._timeline.trace(f"server pays {row['miner']} {row['amount']} for {row['kind']}")


class VirtualClient(Client):
    """The real client, with a simulated exchange of bytes."""

    def __init__(self, server: Server) -> None:
        super().__init__("", self)
        self._server = server
        self.thread: ThreadTime | None = None
        #: a law broken by a request, or an error of the server itself, neither of which the client sees as an answer
        self.broken: Exception | None = None

    async def send(self, request: Request) -> Response:
        """Never waits, so that a call ends in one step."""
        assert self.thread is not None
        try:
            return self._server.exchange(self.thread, request.url, request.body)
        except CallError:
            raise
        except Exception as exc:
            self.broken = exc
            raise


def ran(call: Coroutine[Any, Any, T]) -> T:
    """The result of a call on a VirtualClient."""
    try:
        call.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("a virtual call waits for something")
