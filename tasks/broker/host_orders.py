"""What the coordinator states for a worker host, as its workers read it in Redis: orders, and its key. Pure."""

from __future__ import annotations

from redis.exceptions import NoPermissionError

from tasks.host.pausing import DRAIN, PAUSE
from tasks.jobtypes import LEVELS

#: in Redis's hash of orders: the field which is there while the coordinator states hosts' keys, and the beginning of
#: those that show a host's workers whether their key is the one that the coordinator has (`tasks.signing.key_proof`)
KEYS_STATED, KEY_PREFIX = "keys:", "key:"
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


def key_is_wrong(answer: object, proof: str, *, before: bool) -> bool:
    """Whether this host's key is not the one that the coordinator has.

    `answer` is Redis's for `HOSTS_STATED`, `KEYS_STATED` and the field of the host's key, `proof` what the right key
    gives. `before` is what was known so far, which stays where the answer says nothing. A coordinator of an earlier
    release, or one that signs nothing, states no keys.
    """
    if not isinstance(answer, list):
        return before
    orders, stated, found = answer
    if stated is None:
        return before and orders is None
    return bool(found != proof.encode())
