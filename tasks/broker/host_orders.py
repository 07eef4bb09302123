"""What the coordinator orders a worker host, as its workers read it in Redis. Pure."""

from __future__ import annotations

from redis.exceptions import NoPermissionError

from tasks.host.pausing import DRAIN, PAUSE
from tasks.jobtypes import LEVELS

_ORDERS = {order.encode(): order for order in (PAUSE, DRAIN)}


def order_of(answer: object, before: str | None) -> str | None:
    """The order for this host, empty for none, by Redis's answer for `HOSTS_STATED` and the host's own field.

    `before` is the order as known so far. It stays where the answer does not say anything: an emptied Redis holds no
    orders until the coordinator has written them again.
    """
    if isinstance(answer, NoPermissionError):
        # a user of an older release may not read orders
        return ""
    if not isinstance(answer, list):
        return before
    stated, order = answer
    return before if before and stated is None else _ORDERS.get(order, "")


def open_level_of(answer: object, before: int) -> int:
    """The level of the highest class whose jobs every host may take, by the same answer; as `before` if unknown."""
    stated = answer[0] if isinstance(answer, list) and answer else None
    if not isinstance(stated, bytes):
        return before
    return int(stated) if stated.isdigit() and len(stated) == 1 and int(stated) in LEVELS else LEVELS[0]
