"""A farm and the simulator's world under virtual time: the real scheduler and client, without sockets or a ledger.

Nothing fails here. tests/virtual drives the same parts with faults and a ledger.

One file: it is one class, each of whose methods stands in for one part around the scheduler.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar
from urllib.parse import unquote

from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.effects import Dispatch
from fleet.domain.events import Published
from fleet.domain.jobs import MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.errors import Refused
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from fleet.server.client import Client
from fleet.server.http.interface import Request, Response
from fleet.simulator.endpoints import parse_request
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.simulator import Simulator
from tasks.jobtypes import JOB_TYPES
from tasks.messages import JobMessage, Outcome, ResultMessage

_Result = TypeVar("_Result")
_EPOCH_S = 1_800_000_000.0
_HEARTBEAT_S = 30.0
#: seconds that the loop, Redis and a worker's overhead take for a job
_HOP_S = 0.002


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A server, a network and a farm."""

    name: str
    server: SimulatorOptions
    round_trip_s: float
    #: seconds that a kernel takes, and processes that compute
    kernel_s: float = 0.02
    #: seconds of the kernels that take another time, by job type
    kernel_times_s: Mapping[str, float] = field(default_factory=dict)
    processes: int = 64
    #: maximum number of open miners
    most: int = 300
    #: requests in a window that the farm takes for the limit at first; None for the server's
    stated: int | None = None


def _ran(call: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of a coroutine that never waits."""
    try:
        call.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("a virtual call waits for something")


class VirtualFarm:
    """Runs one scene. `fixed` miners are open all the time, or the farm decides, with `pinned` ones.

    `refused` are miners that the server refuses to register. `asks_terms_at` is when the farm asks for the server's
    rule for rewards.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        fixed: int | None = None,
        pinned: int = 1,
        refused: Collection[str] = (),
        asks_terms_at: float | None = None,
    ) -> None:
        self.scene = scene
        self.now = 0.0
        self.simulator = Simulator(scene.server, now=_EPOCH_S)
        self.notices: list[tuple[float, str]] = []
        #: (second, open sessions) at each change of that number
        self.sessions: list[tuple[float, int]] = []
        self._client = Client("", self)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._queue: deque[Dispatch] = deque()
        self._free = scene.processes
        #: ids of miners that the server refuses to register
        self.refused = set(refused)
        self.farm = self._farm(fixed, pinned)
        if asks_terms_at is not None:
            self._after(asks_terms_at, self._ask_terms)

    def _farm(self, fixed: int | None, pinned: int) -> Farm:
        scene, policy = self.scene, Policy(heartbeat_s=_HEARTBEAT_S)
        limit = scene.server.rate_limit
        many = scene.most if fixed is None else fixed
        governor = Governor(
            requests=scene.stated or limit.requests, window_s=limit.window_s, miners=many, heartbeat_s=_HEARTBEAT_S
        )
        miners = [
            Miner(MinerSpec(miner_id=f"rig-{number}"), policy, SavedMiner(), Random(number), 0.0)
            for number in range(many)
        ]
        names = [miner.spec.miner_id for miner in miners[:pinned]]
        auto = AutoMiners(miners, governor, pinned=names, heartbeat_s=_HEARTBEAT_S, now=0.0, follows=fixed is None)
        return Farm(miners, governor, lambda _: None, max_calls=10_000, max_at_workers=10_000, now=0.0, auto=auto)

    @property
    def earned(self) -> float:
        """NNET that the simulator has paid."""
        return float(self.simulator.book.total())

    @property
    def paid(self) -> int:
        """Number of jobs that the simulator has paid."""
        return self.simulator.world.counters.accepted

    def run(self, until_s: float) -> None:
        """Let time pass."""
        while self.now < until_s:
            turn = self.farm.turn(self.now)
            for notice in turn.notices:
                if notice.kind.value == "earning":
                    self.notices.append((self.now, notice.text))
            for order in turn.dispatches:
                self._dispatch(order)
            for call in turn.calls:
                self._send(call)
            count = self.simulator.world.census.sessions
            if not self.sessions or self.sessions[-1][1] != count:
                self.sessions.append((self.now, count))
            self._next(min(turn.wake_at, until_s))

    def _next(self, until_s: float) -> None:
        """Move to the next event, or to `until_s`, and carry out all events of that moment."""
        if not self._events or self._events[0][0] > until_s:
            self.now = max(until_s, self.now)
            return
        self.now = self._events[0][0]
        while self._events and self._events[0][0] <= self.now:
            heapq.heappop(self._events)[2]()

    def _after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), event))

    # -- server ------------------------------------------------------------------------------------------------------

    def _send(self, call: Call) -> None:
        sent_at = self.now
        self._after(self.scene.round_trip_s / 2, lambda: self._arrive(call, sent_at))

    def _arrive(self, call: Call, sent_at: float) -> None:
        outcome, exchange = _ran(self._client.perform(call))
        if call.kind is CallKind.REGISTER and call.spec.miner_id in self.refused:
            outcome = Refused(400, "this contributor is not welcome")
        answered_at = self.now + self.scene.round_trip_s / 2
        reply = Reply(call=call, outcome=outcome, sent_at=sent_at, answered_at=answered_at, exchange=exchange)
        self._after(self.scene.round_trip_s / 2, lambda: self.farm.on_reply(reply, self.now))

    def _ask_terms(self) -> None:
        """Ask for the server's rule for rewards, as the coordinator's loop does."""
        terms = _ran(self._client.current_terms())
        assert self.farm.auto is not None
        self.farm.auto.seen.terms(terms, asked_at=self.now)

    async def send(self, request: Request) -> Response:
        """Answer one request at once."""
        call = parse_request("GET" if request.body is None else "POST", unquote(request.url), request.body or b"")
        answer = self.simulator.refusal(call, "farm", self.now)
        if answer is None:
            answer = self.simulator.perform(call, None, address="farm", now=_EPOCH_S + self.now, monotonic_s=self.now)
        return Response(status=answer.status, body=answer.body)

    # -- workers -----------------------------------------------------------------------------------------------------

    def _dispatch(self, order: Dispatch) -> None:
        message = order.message
        # an earlier message of the same job may still be in the queue
        waits = order.only_if_idle and bool(self._queue)
        word = Published(
            job_id=message.job_id, miner_id=message.miner_id, attempt=message.attempt, published=True, waits=waits
        )
        self._after(_HOP_S / 2, lambda: self.farm.on_published(word, self.now))
        if not waits:
            self._queue.append(order)
            self._work()

    def _work(self) -> None:
        while self._queue and self._free:
            order = self._queue.popleft()
            self._free -= 1
            busy_s = _HOP_S + self._kernel_s(order.message)
            self._after(busy_s, lambda order=order: self._computed(order))  # type: ignore[misc]

    def _computed(self, order: Dispatch) -> None:
        message = order.message
        self._free += 1
        result = dict.fromkeys(JOB_TYPES[message.job_type].required, "x")
        self.farm.on_result(
            ResultMessage(
                job_id=message.job_id,
                attempt=message.attempt,
                worker="w@virtual",
                outcome=Outcome.COMPUTED,
                result=result,
                compute_ms=self._kernel_s(message) * 1000,
                kernel_version="v",
            ),
            self.now,
        )
        self._work()

    def _kernel_s(self, message: JobMessage) -> float:
        return self.scene.kernel_times_s.get(message.job_type, self.scene.kernel_s)
