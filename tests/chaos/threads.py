"""T2: a thread of the coordinator ends unexpectedly."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from fleet.broker.dispatch import Dispatcher
from fleet.broker.results import Intake
from fleet.server.http.transport import Transport
from fleet.threads import Progress
from tests.chaos.acts import Havoc
from tests.chaos.scenes import Scene

#: EX_SOFTWARE
ENDED = 70
#: seconds within which a coordinator ends that has lost a thread
_NOTICED_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadThread:
    """Ends the thread of this name, and nothing else, after SIGUSR1."""

    name: str

    def lay(self) -> None:
        """Wrap the functions of this process."""
        armed: list[int] = []
        signal.signal(signal.SIGUSR1, lambda number, _frame: armed.append(number))
        if self.name == "dispatcher":
            _wrap(Dispatcher, "_waiting", armed)
        elif self.name == "intake":
            _wrap(Intake, "_look_around", armed)
        else:
            _wrap_transport(armed)


def _wrap(owner: type, method: str, armed: list[int]) -> None:
    genuine = getattr(owner, method)

    def mortal(self: Any, *arguments: Any) -> Any:
        if armed:
            raise RuntimeError("nobody foresaw this")
        return genuine(self, *arguments)

    setattr(owner, method, mortal)


def _wrap_transport(armed: list[int]) -> None:
    """An error in a call is reported inside the transport's loop; so the loop itself is ended, without a report."""
    beat = Transport._beat

    def mortal(self: Transport, progress: Progress) -> None:
        if armed:
            self._loop.stop()
        beat(self, progress)

    Transport._beat = mortal  # type: ignore[method-assign]


def dead_thread(havoc: Havoc) -> str | None:
    """One thread ends: the whole process does, with a line that names the thread, and is restarted."""
    farm = havoc.farm
    farm.drained()
    life = farm.born(DeadThread(name=havoc.rng.choice(("dispatcher", "intake", "transport"))))
    farm.accepts(3)
    life.arm()
    if life.ended_at(_NOTICED_S) is None:
        return f"it lives on for {_NOTICED_S:g} s: {life.words()}"
    return None if life.exit_code == ENDED else f"it ended with {life.exit_code}: {life.words()}"


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """T2."""
    return [Scene(fault="T2", what="a dead thread of the coordinator", act=dead_thread)]
