"""A Redis with Celery workers under virtual time, which loses, delays, duplicates and reorders messages.

One file: each of these troubles strikes the same queue and stream.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from tasks.jobtypes import JOB_TYPES
from tasks.messages import JobMessage, encode_computed, stream_fields, task_id
from tests.virtual.check_laws import WRONG
from tests.virtual.plan import Plan
from tests.virtual.timeline import Timeline
from tests.virtual.worker_host import WorkerHost

HOP_S = 0.001
#: a number above this in a job's data is more than any host can compute
_ABSURD = 10**6


class Redis:
    """The queue, the stream with its consumer group, and the workers, all of which outlive the coordinator."""

    def __init__(self, plan: Plan, timeline: Timeline) -> None:
        self.plan = plan
        self.queue: list[str] = []
        self.stream: dict[bytes, dict[bytes, bytes]] = {}
        self.group: list[bytes] | None = None
        self.pending: list[bytes] = []
        self.up = True
        #: the coordinator's orders for hosts, and until when the workers' sign lasts
        self.orders: dict[bytes, bytes] = {}
        self.sign_until = 0.0
        self.on_entry: Callable[[], None] = lambda: None
        #: receives each host that takes a message
        self.on_take: Callable[[WorkerHost], None] = lambda _: None
        #: called when Redis was emptied or comes and goes, and when hosts start again
        self.on_trouble: Callable[[], None] = lambda: None
        self._calm = False
        self.hosts = [
            WorkerHost(name=f"host-{number}", processes=count, free=count)
            for number, count in enumerate(_shared(plan.workers, plan.hosts))
        ]
        self._entries = 0
        self._timeline = timeline
        self._rng = Random(f"redis {plan.seed}")
        self._wrong_rng = Random(f"wrong {plan.seed}")
        #: Celery task id → hosts that leave it to others
        self.avoid: dict[str, tuple[str, ...]] = {}
        self._seen: deque[str] = deque(maxlen=20)
        for moment in plan.flush_times:
            timeline.at(moment, self.flush)
        for start, end in plan.redis_outages:
            timeline.at(start, lambda: self._switch(up=False))
            timeline.at(end, lambda: self._switch(up=True))

    def flush(self) -> None:
        """FLUSHALL."""
        if self._calm:
            return
        self._timeline.trace("redis is emptied")
        self.queue.clear()
        self.stream.clear()
        self.pending.clear()
        self.orders.clear()
        self.sign_until = 0.0
        self.group = None
        self.on_trouble()
        self.on_entry()

    def calm(self) -> None:
        """From now on nothing fails."""
        self._calm = True
        self._switch(up=True)

    def push(self, message: str) -> None:
        """Queue a message, which workers take soon."""
        if self._strikes(self.plan.lost_rate):
            self._timeline.trace(f"redis loses {message[:60]}")
            return
        self.queue.append(message)
        if self._strikes(self.plan.doubled_rate):
            self.queue.append(message)
        self._timeline.after(HOP_S, self.work)

    def add(self, fields: dict[str, str]) -> None:
        """XADD of a result."""
        if not self.up:
            self._timeline.after(1.0, lambda: self.add(fields))
            return
        self._entries += 1
        entry = b"%d-0" % self._entries
        self.stream[entry] = {key.encode(): value.encode() for key, value in fields.items()}
        if self.group is not None:
            self.group.append(entry)
        self.on_entry()

    def make_group(self) -> None:
        """XGROUP CREATE from the beginning of the stream."""
        self.group, self.pending = list(self.stream), []

    def _strikes(self, rate: float) -> bool:
        return not self._calm and self._rng.random() < rate

    def _switch(self, *, up: bool) -> None:
        if self._calm and not up:
            return
        self.up = up
        self.on_trouble()
        self.on_entry()
        self._timeline.after(HOP_S, self.work)

    def work(self) -> None:
        """Have idle processes take messages."""
        while self.up and self.queue and any(one.takes for one in self.hosts):
            index = self._rng.randrange(len(self.queue)) if self._strikes(self.plan.overtaking_rate) else 0
            message = self.queue.pop(index)
            host = self._taker(message)
            self.on_take(host)
            host.free -= 1
            seconds = self.plan.kernel_s * self._rng.lognormvariate(0, 0.6)
            if self._strikes(self.plan.worker_death_rate):
                self._timeline.after(seconds * self._rng.random(), lambda text=message, at=host: self._die(at, text))  # type: ignore[misc]
            else:
                self._timeline.after(
                    seconds,
                    lambda text=message, took=seconds, at=host: self._finish(at, text, took),  # type: ignore[misc]
                )

    def _taker(self, message: str) -> WorkerHost:
        """The host with the most idle processes; one that should leave the message to others only if no other can."""
        avoided = self.avoid.get(JobMessage.decode(json.loads(message), with_data=False).task_id, ())
        return max((one for one in self.hosts if one.takes), key=lambda one: (f"w@{one.name}" not in avoided, one.free))

    def _die(self, host: WorkerHost, message: str) -> None:
        host.free += 1
        if self._rng.random() < 0.5:
            self._timeline.after(self.plan.visibility_s, lambda: self._restore(message))
        else:
            job = JobMessage.decode(json.loads(message))
            self._answer(job, "FAILURE", {"exc_type": "WorkerLostError", "exc_message": ["signal 9"]}, host)
        self.work()

    def _restore(self, message: str) -> None:
        self.queue.append(message)
        self.work()

    def _finish(self, host: WorkerHost, message: str, seconds: float) -> None:
        host.free += 1
        job = JobMessage.decode(json.loads(message))
        state, body = self._computed(job, seconds)
        if self._wrong(host) and state == "SUCCESS":
            body["result"] = {name: f"{WRONG}{self._wrong_rng.random()}" for name in body["result"]}
        self._answer(job, state, body, host)
        if self._strikes(self.plan.doubled_result_rate):
            self._answer(job, state, body, host)
        if self._strikes(self.plan.rogue_rate):
            self._rogue(job)
        self.work()

    def _computed(self, job: JobMessage, seconds: float) -> tuple[str, dict[str, Any]]:
        if _absurd(job.data):
            return "FAILURE", {"exc_type": "PayloadError", "exc_message": ["data is absurd"]}
        if self._strikes(self.plan.failing_rate):
            return "FAILURE", {"exc_type": "ValueError", "exc_message": ["kernel"]}
        result: dict[str, Any] = dict.fromkeys(JOB_TYPES[job.job_type].required, f"{job.job_id} by {job.miner_id}")
        if self._strikes(self.plan.flawed_rate):
            result = self._rng.choice(({}, {"error": "x"}, dict.fromkeys(result)))
        elif self._strikes(self.plan.flawed_rate):
            result["padding"] = "x" * 40_000
        return "SUCCESS", encode_computed(result=result, kernel_version="v", compute_ms=seconds * 1000)

    def _wrong(self, host: WorkerHost) -> bool:
        return host is self.hosts[0] and not self._calm and self._wrong_rng.random() < self.plan.wrong_rate

    def _answer(self, job: JobMessage, state: str, body: dict[str, Any], host: WorkerHost) -> None:
        task = task_id(job.job_id, job.attempt)
        self._seen.append(task)
        self._timeline.trace(f"worker: {task} {state} {str(body)[:80]}")
        self.add(stream_fields(task=task, state=state, worker=f"w@{host.name}", body=body))

    def _rogue(self, job: JobMessage) -> None:
        """Add an entry that a broken worker could write: a forged job or attempt, a late result, or none at all."""
        wrong = encode_computed(result={"results_hash": "rogue"}, kernel_version="v", compute_ms=1.0)
        task = self._rng.choice(
            (f"invented-{self._rng.randrange(1000)}", task_id(job.job_id, job.attempt + 7), self._seen[0], "~~", "")
        )
        state, body = self._rng.choice((("SUCCESS", wrong), ("SUCCESS", []), ("FAILURE", {"exc_type": 7})))
        if task != self._seen[0] or state == "FAILURE":
            self.add({"task": task, "state": state, "worker": "rogue", "body": json.dumps(body)})


def _shared(processes: int, hosts: int) -> list[int]:
    """So many processes on each of the hosts."""
    return [processes // hosts + (number < processes % hosts) for number in range(hosts)]


def _absurd(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_absurd(item) for item in value.values())
    if isinstance(value, list):
        return any(_absurd(item) for item in value)
    return isinstance(value, int | float) and value > _ABSURD
