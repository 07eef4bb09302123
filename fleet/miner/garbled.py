"""Decides whether a garbled job is fetched once more, since a proxy may have damaged the first answer. Pure."""

from __future__ import annotations

from fleet.domain.jobs import Job, JobOrigin
from fleet.miner.fetch_pause import FetchPause


class SecondReading:
    """Remembers which garbled job was fetched again. `pause` slows down repeated fetches."""

    def __init__(self, pause: FetchPause) -> None:
        self._pause = pause
        #: id and flaw of the job that is fetched again
        self._asked_for = ("", "")

    def asks_again(self, job: Job, now: float) -> bool:
        """Whether to fetch a garbled job again, since it may have been damaged in transit only.

        The same flaw twice ends the job. A different flaw leads to another, slower fetch. If the server gave another
        job instead, there is no further fetch.
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
