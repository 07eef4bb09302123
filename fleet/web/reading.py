"""The thread on which a site uses the ledger, so that the event loop that answers its visitors never waits for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class LedgerThread:
    """Does one piece of work after the other."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def close(self) -> None:
        """End the thread after the work that is under way; what waits is not begun."""
        self._executor.shutdown(cancel_futures=True)

    def begin(self, work: Callable[[], object]) -> None:
        """Do this work in its turn; nobody waits for it."""
        self._executor.submit(work)

    async def done(self, work: Callable[[], T]) -> T:
        """The result of work, once it is done. Raises what the work raises."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
