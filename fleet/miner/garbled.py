"""Decides whether a garbled job is fetched once more: what a proxy spoilt may be whole the second time. Pure."""

from __future__ import annotations

from fleet.domain.jobs import Job, JobOrigin
from fleet.miner.fetch_pause import FetchPause


class SecondReading:
    """Remembers the job that was asked for once more; repeated fetches are slowed down by `pause`."""

    def __init__(self, pause: FetchPause) -> None:
        self._pause = pause
        #: id and flaw of the job that was asked for once more
        self._asked_for = ("", "")

    def asks_again(self, job: Job, now: float) -> bool:
        """Whether to fetch a garbled job once more: if its flaw came about on the way, the server gives it whole.

        A second reading with the same flaw ends the job. One with another flaw is worth another, slower fetch. A server
        that gave another job instead is not asked again.
        """
        asked_for, flaw = self._asked_for
        self._asked_for = ("", "")
        if (
            not job.garbled
            or job.origin is not JobOrigin.FETCHED
            or asked_for not in {"", job.job_id}
            or flaw == job.problem
        ):
            return False
        if asked_for:
            self._pause.insisted(now)
        self._asked_for = (job.job_id, job.problem)
        return True
