"""A simulated world that is called without HTTP."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from fleet.simulator.endpoints import parse_request
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.simulator import Simulator
from tasks.jobtypes import JOB_TYPES

START = 1_800_000_000.0


class Site:
    """A simulator with a clock that only the test moves."""

    def __init__(self, dialect: str = "b", **options: Any) -> None:
        self.simulator = Simulator(SimulatorOptions(dialect=dialect, seed=7, **options), now=START)
        self.now = START

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body, JSON where it is JSON."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        call = parse_request(method, path, raw)
        answer = self.simulator.perform(call, self.simulator.fault_for(call), now=self.now, monotonic_s=self.now)
        json_body = answer.content_type == "application/json"
        return answer.status, json.loads(answer.body) if json_body else answer.body.decode()

    def post(self, endpoint: str, **body: Any) -> tuple[int, Any]:
        """A POST to one of the miner endpoints."""
        return self.ask("POST", f"/ai-energy/{endpoint}", body)

    def fetch(self, miner: str = "m") -> Any:
        """A fetched job."""
        status, job = self.ask("GET", f"/ai-energy/task/{miner}")
        assert status == 200, job
        return job

    def start(self, miner: str = "m") -> Any:
        """Register, begin a session, and return what it brought."""
        self.post("register", contributor_id=miner)
        return self.post("start-session", contributor_id=miner)[1]

    def submit(self, job: Any, miner: str = "m", session_id: str | None = None, **result: Any) -> tuple[int, Any]:
        """Submit a job with all that its type asks for."""
        fields = result or dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
        session_id = session_id or job["session_id"]
        return self.post(
            "submit-result", contributor_id=miner, session_id=session_id, task_id=job["task_id"], result=fields
        )

    def paid(self, miner: str | None = None) -> Decimal:
        """What the book says."""
        return self.simulator.book.total(miner)
