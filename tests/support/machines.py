"""How hypothesis' state machines are run: the same steps each time, so that a failure is seen again."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

REPEATABLE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    # to explain a failure means to trace each line: minutes, on Python 3.11
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
