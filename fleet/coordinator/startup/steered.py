"""Opens what a coordinator needs to follow controls: their book, the farm's schedule, and the watch for changes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from fleet.broker.host_orders import HostOrders
from fleet.control.control import ControlChange, Target, TargetKind
from fleet.coordinator.observing.observed import Observed
from fleet.coordinator.observing.site import LiveTags
from fleet.coordinator.startup.start import Start
from fleet.coordinator.steering.control_watch import ControlWatch
from fleet.coordinator.steering.distrust import Distrust
from fleet.coordinator.steering.farm_schedule import FarmSchedule
from fleet.coordinator.steering.host_memory import HostMemory
from fleet.coordinator.steering.ledger_watch import ledger_watch
from fleet.coordinator.steering.price_watch import PriceWatch
from fleet.coordinator.steering.steering import SteeredFarm, Steering
from fleet.domain.calendar import Calendar
from fleet.errors import LedgerError
from fleet.ledger.controls import ControlBook, farm_key
from fleet.ledger.host_records import HostRecordBook
from fleet.ledger.storage.engine import open_beside
from fleet.schedule.farm_plan import farm_plan
from fleet.threads import RepeatingThread, WatchedThread


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowedControls:
    """What follows the controls of a coordinator."""

    steering: Steering
    #: the threads that look for changes
    threads: Sequence[WatchedThread]
    #: logs changed settings: what, by whom, why. Raises LedgerError
    record_reload: Callable[[str, str, str], None]


@contextlib.contextmanager
def steered(start: Start, parts: Observed, hosts: HostOrders) -> Iterator[FollowedControls]:
    """The controls of a farm, which are followed before its first call.

    Worker hosts find theirs in Redis before the first job. Raises LedgerError where the ledger can't be read.
    """
    engine = start.free(lambda: open_beside(parts.place.url))
    farm = farm_key(parts.place, parts.accounts[0].ledger_name)
    book, auditor = ControlBook(engine, farm, parts.now_ms), parts.farm.workers.auditor
    file = parts.place.file

    def there() -> bool:
        return file is None or file.exists()

    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        threads = stack.enter_context(_scheduled(start, book, parts.now_ms, there))
        # what changes between the two reads is read again
        seen, controls = start.free(book.last), start.free(book.in_force)
        calendar, tags = Calendar(start.settings.time_zone), LiveTags(start.settings, parts.names)
        distrust = Distrust(auditor, book, start.writing)
        steering = Steering(
            _farms(parts, tags),
            controls,
            calendar,
            parts.now_ms,
            relabel=tags.reloaded,
            order_hosts=hosts.follow,
            followed=distrust.follow,
        )
        hosts.write()
        for notice in steering.standing():
            start.lines.say(f"[STEER]  {notice.text}")
        watch = ControlWatch(book, seen, start.inbox.put, turn=start.writing, there=there, now_ms=parts.now_ms)
        stack.callback(watch.close)
        records = HostRecordBook(engine, farm, parts.now_ms)
        writers = stack.enter_context(_writers(start, distrust, HostMemory(auditor, records, start.writing), there))
        record = partial(_record, book, start.writing, there)
        yield FollowedControls(steering=steering, threads=[watch.thread, *writers, *threads], record_reload=record)


def _record(
    book: ControlBook, turn: threading.Lock, there: Callable[[], bool], what: str, who: str, reason: str
) -> None:
    # without its file, SQLite would create an empty one
    if there():
        with turn:
            book.record(ControlChange.RELOAD, Target(kind=TargetKind.SETTINGS, name=what), who, reason)


@contextlib.contextmanager
def _writers(
    start: Start, distrust: Distrust, memory: HostMemory, there: Callable[[], bool]
) -> Iterator[list[RepeatingThread]]:
    """The threads that write what was found out about hosts. What an earlier start wrote is loaded before."""
    start.free(memory.load)
    with contextlib.ExitStack() as stack:
        stack.callback(_at_end, memory, there)
        looks = {"distrust": distrust.look, "host records": memory.look}
        threads = [ledger_watch(name, look, there=there) for name, look in looks.items()]
        for thread in threads:
            thread.start()
            stack.callback(thread.close)
        yield threads


def _at_end(memory: HostMemory, there: Callable[[], bool]) -> None:
    # without its file, SQLite would create an empty one
    if there():
        with contextlib.suppress(LedgerError):
            memory.close()


@contextlib.contextmanager
def _scheduled(
    start: Start, book: ControlBook, now_ms: Callable[[], int], there: Callable[[], bool]
) -> Iterator[list[WatchedThread]]:
    """Follow the farm's schedule, in the ledger first: what an earlier start left there may be out of date."""
    plan = farm_plan(start.settings.schedule, Calendar(start.settings.time_zone))
    schedule = FarmSchedule(book, plan, now_ms, start.writing)
    with contextlib.ExitStack() as stack:
        if start.settings.schedule.price_max is not None:
            prices = PriceWatch(start.settings.schedule, plan.learn, start.lines.say)
            prices.start()
            stack.callback(prices.close)
        start.free(schedule.follow)
        if not start.settings.schedule.limited:
            yield []
            return
        thread = ledger_watch("schedule", schedule.look, there=there)
        thread.start()
        stack.callback(thread.close)
        yield [thread]


def _farms(parts: Observed, tags: LiveTags) -> Sequence[SteeredFarm]:
    return [
        SteeredFarm(server=account.name, farm=account.farm, names=parts.names, tags=tags.by_name)
        for account in parts.accounts
    ]
