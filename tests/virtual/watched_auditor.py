"""Checked work under virtual time, which tells the laws what is checked or held, and when a host is distrusted."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator

from fleet.audit.auditor import Auditor
from fleet.audit.screening import Screening
from fleet.domain.checks import Checked, Screened
from tasks.messages import ResultMessage
from tests.virtual.check_laws import CheckLaws


class WatchedAuditor(Auditor):
    """The real auditor."""

    def __init__(self, share: float, rng: random.Random, laws: CheckLaws) -> None:
        super().__init__(share, rng)
        self._laws = laws

    def take(self, checked: Checked) -> None:
        """What a check found."""
        if checked.unchecked:
            self._laws.audited.discard(checked.job_id)
        super().take(checked)
        self._laws.distrusted = bool(self.log)


class WatchedScreening(Screening):
    """The real screening."""

    def __init__(self, auditor: Auditor, laws: CheckLaws) -> None:
        super().__init__(auditor)
        self._laws = laws

    def arrived(self, message: ResultMessage, able: Collection[str], *, flawed: bool = False) -> Screened:
        """What becomes of a result: one that is checked or held is not believed yet."""
        screened = super().arrived(message, able, flawed=flawed)
        if screened is not Screened.TAKEN:
            self._laws.audited.add(message.job_id)
        return screened

    def due(self) -> Iterator[tuple[str, Screened]]:
        """What is decided about results that were held."""
        for job_id, screened in super().due():
            if screened is Screened.TAKEN:
                self._laws.audited.discard(job_id)
            yield job_id, screened
