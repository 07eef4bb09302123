"""Says every two seconds how far a long loop is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

#: seconds between two lines; a loop that ends sooner prints nothing
_EVERY_S = 2.0

T = TypeVar("T")


def with_progress(
    items: Sequence[T], what: str, say: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic
) -> Iterator[T]:
    """The items in order. While a loop over them lasts, `say` gets a line now and then: how many `what` are done."""
    said_at = clock()
    for done, item in enumerate(items):
        now = clock()
        if now - said_at >= _EVERY_S:
            said_at = now
            say(f"[OK]     {done:,} of {len(items):,} {what}")
        yield item
