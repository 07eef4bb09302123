"""The worker's boot step that finds out whether its host's own limits pause it; `tasks.worker.pausing_step` follows."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from celery import bootsteps

from config.hours import window_of
from config.settings import Settings
from tasks.broker.repeating_step import RepeatingStep
from tasks.host.limits import HostLimits, Limits
from tasks.host.pausing import pausing
from tasks.host.sensors import Sensors

#: seconds between two looks
LOOK_S = 1.0
_log = logging.getLogger(__name__)


def limits_of(settings: Settings) -> Limits:
    """The host's limits by its settings."""
    given = settings.limits
    return Limits(
        hours=tuple(window_of(text) for text in given.hours),
        on_battery=given.on_battery,
        hot_c=given.hot_c,
        busy_percent=given.busy_percent,
        after_s=given.after_s,
        idle_s=given.idle_s,
        least_on_s=given.least_on_s,
        least_off_s=given.least_off_s,
    )


def limits_step(settings: Settings) -> type[bootsteps.StartStopStep]:
    """The step for these settings; it does nothing where they limit nothing."""
    limits = limits_of(settings)
    zone = UTC if settings.time_zone == "UTC" else ZoneInfo(settings.time_zone)
    host, sensors = HostLimits(limits, lambda: datetime.now(zone)), Sensors()
    watched = limits.idle_s is not None

    class LimitsStep(RepeatingStep):
        said = False

        def start(self, consumer: Any) -> None:
            if watched and not self.said:
                self.said = True
                _log.warning("limits.idle_s: %s", sensors.input.unseen)
            if limits.any:
                self._look()
                self.repeat(consumer, LOOK_S, self._look)

        def _look(self) -> None:
            reason = host.reason(sensors.read(input_too=watched), time.monotonic())
            if bool(reason) is not bool(pausing.limit):
                _log.warning("this host pauses: %s" if reason else "this host goes on computing%s", reason)
            pausing.limit = reason

    return LimitsStep
