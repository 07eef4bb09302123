"""Answers that are given again for two seconds, and a bound on how many are made: no number of visitors costs more."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

A = TypeVar("A")
#: seconds for which an answer is given again
_SAME_S = 2.0
#: answers that are kept, and that may be made in a row and again each second
_KEPT, _BURST, _A_SECOND = 64, 30, 10.0


class KeptAnswers(Generic[A]):
    """Answers by question. All methods run on one event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, asyncio.Task[A]]] = OrderedDict()
        self._left, self._left_at = float(_BURST), clock()

    async def answer(
        self, question: Hashable, make: Callable[[], Coroutine[Any, Any, A]], *, common: bool = False
    ) -> A | None:
        """The answer, at most two seconds old; None if too many different ones were made in the last seconds.

        A `common` question is one of few, so it needs no bound, and no number of others puts it off.
        """
        now = self._clock()
        made_at, task = self._kept.get(question, (float("-inf"), None))
        if task is None or (task.done() and now - made_at >= _SAME_S):
            if not (common or self._may_make(now)):
                return None
            task = asyncio.ensure_future(make())
            self._kept[question] = (now, task)
            self._kept.move_to_end(question)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        # a visitor who goes away does not end it for the others
        return await asyncio.shield(task)

    def _may_make(self, now: float) -> bool:
        self._left = min(self._left + (now - self._left_at) * _A_SECOND, float(_BURST))
        self._left_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
