"""Runs a simulator in a thread, for tests and for a farm on one machine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from queue import Queue
from typing import TypeVar

from fleet.simulator.control import book_stated, counters_stated
from fleet.simulator.faults import Fault, parse_fault
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.server import SimulatorServer, serve
from fleet.simulator.simulator import Simulator
from fleet.simulator.strangers import Strangers

T = TypeVar("T")

#: seconds to wait for an answer of the server's thread
_ANSWER_S = 60.0


class RunningSimulator:
    """A running simulator. Every method asks the server's thread."""

    def __init__(self, server: SimulatorServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop

    @property
    def url(self) -> str:
        """The URL on which it listens."""
        return self._server.url

    def book(self, **query: str) -> dict[str, object]:
        """The answer of `GET /simulator/book`, with the same queries (miner, totals, since, limit)."""
        return self._ask(lambda simulator: book_stated(simulator, query))

    def total(self, miner: str | None = None) -> Decimal:
        """NNET paid to one miner, or to all, exactly."""
        return self._ask(lambda simulator: simulator.book.total(None if miner is None else miner.lower()))

    def requests(self) -> dict[str, object]:
        """The counters."""
        return self._ask(counters_stated)

    def set_faults(self, *faults: Fault | str) -> None:
        """Replace all faults; without arguments, switch them off."""
        parsed = _parsed(faults)
        self._ask(lambda simulator: simulator.faults.set(parsed))

    def faults(self) -> list[dict[str, object]]:
        """The faults, and how often each one struck."""
        return self._ask(lambda simulator: simulator.faults.stated())

    def forget(self, *, keep_balances: bool = False) -> None:
        """Lose everything but the book and the saved balances, or all of them, as a restart does."""
        self._ask(lambda simulator: simulator.forget(time.time(), keep_balances=keep_balances))

    def unban(self) -> None:
        """End every ban."""
        self._ask(lambda simulator: simulator.bans.lift())

    def invite(self, strangers: Strangers) -> None:
        """Let other miners come and go by a new schedule that starts now."""
        self._ask(lambda simulator: simulator.world.census.invite(strangers, time.time()))

    def balances(self) -> dict[str, float]:
        """NNET by wallet."""
        return self._ask(lambda simulator: simulator.world.cashier.wallets.balances())

    def move_money(self, source: str, target: str, amount: float) -> None:
        """Send NNET from one wallet to another. Raises OptionError where the source holds less."""
        self._ask(lambda simulator: simulator.world.cashier.wallets.move(source.lower(), target.lower(), amount))

    def _ask(self, question: Callable[[Simulator], T]) -> T:
        async def answer() -> T:
            return question(self._server.simulator)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result(_ANSWER_S)


def _parsed(faults: Iterable[Fault | str]) -> list[Fault]:
    return [parse_fault(fault) if isinstance(fault, str) else fault for fault in faults]


@contextmanager
def running(options: SimulatorOptions | None = None, *, port: int = 0) -> Iterator[RunningSimulator]:
    """A simulator on `port` (0 = a free one) until the block ends.

    Raises OSError where the address can't be bound.
    """
    chosen = replace(options or SimulatorOptions(), port=port)
    started: Queue[RunningSimulator | BaseException] = Queue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=_run, args=(loop, chosen, stop, started), name="simulator", daemon=True)
    thread.start()
    outcome = started.get()
    if isinstance(outcome, BaseException):
        thread.join()
        raise outcome
    try:
        yield outcome
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run(
    loop: asyncio.AbstractEventLoop,
    options: SimulatorOptions,
    stop: asyncio.Event,
    started: Queue[RunningSimulator | BaseException],
) -> None:
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve(options, stop, lambda server: started.put(RunningSimulator(server, loop))))
    except OSError as exc:
        started.put(exc)
