"""Opens what a coordinator needs to follow controls: their book, what they are now, and the watch for changes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from fleet.broker.host_orders import HostOrders
from fleet.coordinator.control_watch import ControlWatch
from fleet.coordinator.observed import Observed
from fleet.coordinator.site import LiveTags
from fleet.coordinator.start import Start
from fleet.coordinator.steering import SteeredFarm, Steering
from fleet.domain.calendar import Calendar
from fleet.ledger.controls import ControlBook, farm_key
from fleet.ledger.engine import open_beside


@contextlib.contextmanager
def steered(start: Start, parts: Observed, hosts: HostOrders) -> Iterator[tuple[Steering, ControlWatch]]:
    """The controls of a farm, which are followed before its first call, and the watch that reports their changes.

    Worker hosts find theirs in Redis before the first job. Raises LedgerError where the ledger can't be read.
    """
    engine = start.free(lambda: open_beside(parts.place.url))
    book = ControlBook(engine, farm_key(parts.place, parts.accounts[0].ledger_name), parts.now_ms)
    # what changes between the two reads is read again
    seen, controls = start.free(book.last), start.free(book.in_force)
    calendar, tags = Calendar(start.settings.time_zone), LiveTags(start.settings, parts.names)
    steering = Steering(
        _farms(parts, tags), controls, calendar, parts.now_ms, relabel=tags.reloaded, order_hosts=hosts.follow
    )
    hosts.write()
    for notice in steering.standing():
        start.lines.say(f"[STEER]  {notice.text}")
    file = parts.place.file
    watch = ControlWatch(
        book,
        seen,
        start.inbox.put,
        turn=start.writing,
        there=lambda: file is None or file.exists(),
        now_ms=parts.now_ms,
    )
    try:
        yield steering, watch
    finally:
        watch.close()
        engine.dispose()


def _farms(parts: Observed, tags: LiveTags) -> Sequence[SteeredFarm]:
    return [
        SteeredFarm(server=account.name, farm=account.farm, names=parts.names, tags=tags.by_name)
        for account in parts.accounts
    ]
