"""O1, O2: a coordinator, or the command of an operator, killed at each step of a control while the farm is under load.

Afterwards the control is in force everywhere or nowhere: in the ledger and its log, at the miners, and at the hosts.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from sqlalchemy import Engine, event

from fleet.broker.host_orders import OrdersInRedis
from fleet.coordinator.loop import Coordinator
from fleet.coordinator.steering.steering import Steering
from fleet.ledger.controls import ControlBook
from tests.chaos.acts import Havoc
from tests.chaos.cradle import Life
from tests.chaos.orders_seen import flaw_of, in_force, things
from tests.chaos.scenes import Scene
from tests.chaos.strike import die
from tests.support.processes import environ

#: seconds within which a step is reached
_REACHED_S = 30.0
#: the exit code of a process that SIGKILL ended
_KILLED = -signal.SIGKILL


class Step(Enum):
    """Where a process dies: the first four in the command, the others in the coordinator."""

    #: its transaction has begun
    BEGUN = "killed before its first row"
    #: the control is written or removed, its entry of the log is not
    HALF = "killed between the control and its entry of the log"
    #: both are written
    UNCOMMITTED = "killed before it commits"
    #: the change stands, and nobody was told
    COMMITTED = "killed when it has committed"
    HEARD = "killed when it has read a control, before it follows it"
    TOLD = "killed when the miners are told"
    UNORDERED = "killed before the hosts' orders are written to Redis"
    ORDERED = "killed when the hosts' orders are written to Redis"
    SAID = "killed when it has said that it follows"


_OF_COMMAND = (Step.BEGUN, Step.HALF, Step.UNCOMMITTED, Step.COMMITTED)
_OF_COORDINATOR = (Step.HEARD, Step.TOLD, Step.UNORDERED, Step.ORDERED, Step.SAID)


@dataclass(frozen=True, kw_only=True, slots=True)
class AtStep:
    """Die at this step; a coordinator only after SIGUSR1 has armed it."""

    step: Step

    def lay(self) -> None:
        """Wrap the functions of this process."""
        if self.step in _OF_COMMAND:
            _wrap_command(self.step)
            return
        armed: list[int] = []
        signal.signal(signal.SIGUSR1, lambda number, _frame: armed.append(number))
        _wrap_coordinator(self.step, armed)


def _wrap_command(step: Step) -> None:
    if step is Step.COMMITTED:
        _after(ControlBook, "ask", lambda _: die())
        return
    begins = {
        Step.BEGUN: ("BEGIN IMMEDIATE",),
        Step.HALF: ("INSERT INTO controls", "DELETE FROM controls"),
        Step.UNCOMMITTED: ("INSERT INTO control_log",),
    }[step]

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(begins):
            die()

    event.listen(Engine, "after_cursor_execute", executed)


def _wrap_coordinator(step: Step, armed: list[int]) -> None:
    def strike(_: Any = None) -> None:
        if armed:
            die()

    match step:
        case Step.HEARD:
            _after(ControlBook, "news", lambda found: strike() if found is not None else None)
        case Step.TOLD:
            _after(Steering, "follow", strike)
        case Step.SAID:
            _after(Coordinator, "_steer", strike)
        case Step.UNORDERED:
            _after(OrdersInRedis, "follow", strike)
        case Step.ORDERED:
            due: list[bool] = []
            _after(OrdersInRedis, "follow", lambda _: due.append(True) if armed else None)
            _after(OrdersInRedis, "write", lambda _: strike() if due else None)


def _after(owner: type, method: str, then: Callable[[Any], None]) -> None:
    genuine = getattr(owner, method)

    def wrapped(self: Any, *args: Any, **names: Any) -> Any:
        result = genuine(self, *args, **names)
        then(result)
        return result

    setattr(owner, method, wrapped)


def command_killed(havoc: Havoc, step: Step) -> str | None:
    """A pause, then a resume, whose commands die: each counts wholly if it was committed, and otherwise not at all."""
    thing = havoc.rng.choice(things(havoc.farm))
    counts = step is Step.COMMITTED
    return (
        _killed(havoc, ("pause", *thing), step, then=counts)
        or (None if counts else _ordered(havoc, ("pause", *thing)))
        or _killed(havoc, ("resume", *thing), step, then=not counts)
        or (None if counts else _ordered(havoc, ("resume", *thing)))
    )


def coordinator_killed(havoc: Havoc, step: Step) -> str | None:
    """The coordinator dies as it follows a pause, then as it follows the resume: the next one follows both."""
    thing = havoc.rng.choice(things(havoc.farm))
    return _followed(havoc, ("pause", *thing), step) or _followed(havoc, ("resume", *thing), step)


def _killed(havoc: Havoc, command: tuple[str, ...], step: Step, *, then: bool) -> str | None:
    """The command dies at the step; then something is paused, or nothing."""
    code, words = _run(havoc, command, AtStep(step=step))
    if code != _KILLED:
        return f"`fleet {' '.join(command)}` was not killed, but ended with {code}: {words}"
    if bool(in_force(havoc.farm)) is not then:
        return f"after `fleet {' '.join(command)}`, {step.value}, in force is {in_force(havoc.farm)}"
    return flaw_of(havoc.farm)


def _ordered(havoc: Havoc, command: tuple[str, ...]) -> str | None:
    code, words = _run(havoc, command)
    if code != 0:
        return f"`fleet {' '.join(command)}` ended with {code}: {words}"
    return flaw_of(havoc.farm)


def _followed(havoc: Havoc, command: tuple[str, ...], step: Step) -> str | None:
    """The coordinator dies at the step of this change, and the next one follows it."""
    farm = havoc.farm
    farm.life.kill()
    havoc.auditor.death()
    life = farm.born(AtStep(step=step))
    flaw = flaw_of(farm)
    if flaw is not None:
        return flaw
    life.arm()
    code, words = _run(havoc, command)
    if code != 0:
        return f"`fleet {' '.join(command)}` ended with {code}: {words}"
    if life.ended_at(_REACHED_S) is None:
        return f"{step.value}: not reached by `fleet {' '.join(command)}`: {life.words()}"
    havoc.auditor.death()
    farm.born()
    return flaw_of(farm)


def _run(havoc: Havoc, command: tuple[str, ...], strike: AtStep | None = None) -> tuple[int | None, str]:
    """Run a command of an operator. Returns its exit code and what it said."""
    farm = havoc.farm
    log = farm.folder / "command.log"
    log.unlink(missing_ok=True)
    by = ("--by", f"operator {havoc.rng.randrange(10**6)}")
    life = Life(environ(farm.folder, farm.settings), log, strike, command=(*command, *by))
    if life.ended_at(_REACHED_S) is None:
        life.kill()
    return life.exit_code, life.words()


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """O1 and O2, a row for each step."""
    return [
        *(
            Scene(fault="O1", what=f"a control's command {step.value}", act=partial(command_killed, step=step))
            for step in _OF_COMMAND
        ),
        *(
            Scene(fault="O2", what=f"the coordinator {step.value}", act=partial(coordinator_killed, step=step))
            for step in _OF_COORDINATOR
        ),
    ]
