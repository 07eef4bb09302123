"""What a start of the coordinator knows before it opens anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO, TypeVar

from config.settings import Settings
from fleet.coordinator.declared import Declared
from fleet.coordinator.inbox import Inbox
from fleet.coordinator.output.lines import Lines
from fleet.domain.wall_clock import WallClock
from fleet.ledger.storage.wait import when_free
from fleet.ledger.witness import Witness

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The parameters of one start of the coordinator, beside the settings."""

    #: the same for all starts within one `fleet up`
    run_id: str
    #: seconds to mine once the miners are loaded; None until stopped
    for_s: float | None
    #: whether the server is the simulator
    simulated: bool
    #: where the running output goes
    out: TextIO
    #: reads the settings as at the start, and may raise ConfigError; None where they are never read again
    read: Callable[[], Settings] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The parts of a start that all servers share."""

    settings: Settings
    run: Run
    redis_url: str
    lines: Lines
    witness: Witness
    #: what the farm's hosts have, as of the start
    has: Declared
    inbox: Inbox = field(default_factory=Inbox)
    wall: WallClock = field(default_factory=WallClock)
    #: held by the thread that writes to the ledger, of which there is one for each server
    writing: threading.Lock = field(default_factory=threading.Lock)
    #: by the monotonic clock
    began_at: float = field(default_factory=time.monotonic)

    def free(self, action: Callable[[], T]) -> T:
        """The result of `action` on the ledger, as soon as no other program locks it."""
        return when_free(action, say=self.lines.say)
