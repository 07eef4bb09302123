"""The result of a seed, in a form that can be sent between processes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.virtual.draw import draw_plan
from tests.virtual.schedule import Outcome, run_seed


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A seed that failed, with the reason."""

    seed: int
    text: str


def outcome_of(seed_and_jobs: tuple[int, int | None], *, trace: bool = False) -> Outcome | Finding:
    """Run one seed, of about the given number of jobs if any. `trace` prints every event."""
    seed, jobs = seed_and_jobs
    try:
        return run_seed(draw_plan(seed, jobs=jobs), trace=print if trace else None)
    except Exception as exc:  # noqa: BLE001 - whatever the code under test raises is the finding
        return Finding(seed=seed, text=f"{type(exc).__name__}: {exc}")
