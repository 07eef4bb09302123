"""Settings for hypothesis' state machines: each run takes the same steps, so that a failure is reproducible."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

REPEATABLE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    # explaining a failure traces every line, which takes minutes on Python 3.11
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
