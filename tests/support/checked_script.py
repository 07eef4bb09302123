"""A miner with one job that several hosts compute, in the order that a test says."""

from __future__ import annotations

from fleet.domain.calls import CallKind
from fleet.domain.checks import Checked, Screened
from fleet.domain.events import Published, ResultArrived
from fleet.miner.job import flaw_of
from tasks.messages import Outcome, ResultMessage
from tests.support.insides import active_jobs
from tests.support.miner_script import Script, job

ABLE = frozenset({"worker@a", "worker@b", "worker@c"})


class CheckedScript(Script):
    """A miner with one fetched job, whose results come from named hosts."""

    def __init__(self) -> None:
        super().__init__()
        self.mining().call(CallKind.FETCH, job("j1"))

    def came(
        self,
        host: str,
        score: float = 0.5,
        *,
        attempt: int,
        check: bool = True,
        held: bool = False,
        trusted: bool = True,
        outcome: Outcome = Outcome.COMPUTED,
        able: frozenset[str] = ABLE,
    ) -> None:
        message = ResultMessage(
            job_id="j1",
            attempt=attempt,
            outcome=outcome,
            result={"integrity_score": score} if outcome is Outcome.COMPUTED else {},
            worker=f"worker@{host}",
            compute_ms=2.0,
        )
        screened = Screened.HELD if held else Screened.CHECKED if check else Screened.TAKEN
        flaw = flaw_of(message, "data_validation") if trusted else "computed by a host that is not trusted"
        event = ResultArrived(message=message, flaw=flaw, able=able, screened=screened)
        self.effects += self.miner.on(event, self.now)

    def published(self, attempt: int) -> None:
        word = Published(job_id="j1", miner_id="rig-1", attempt=attempt, published=True)
        self.effects += self.miner.on(word, self.now)

    @property
    def found(self) -> list[Checked]:
        return [effect for effect in self.effects if isinstance(effect, Checked)]

    @property
    def orders(self) -> list[tuple[int, tuple[str, ...]]]:
        return [(order.message.attempt, order.avoid) for order in self.dispatches()]

    @property
    def score(self) -> object:
        return (active_jobs(self.miner)["j1"].result or {}).get("integrity_score")
