"""The auditor under virtual time, which tells the laws what it has decided to check, and whom it trusts no more."""

from __future__ import annotations

import random
from collections.abc import Collection

from fleet.audit.auditor import Auditor
from fleet.domain.checks import Checked
from tasks.messages import ResultMessage
from tests.virtual.check_laws import CheckLaws


class WatchedAuditor(Auditor):
    """The real auditor."""

    def __init__(self, share: float, rng: random.Random, laws: CheckLaws) -> None:
        super().__init__(share, rng)
        self._laws = laws

    def draws(self, message: ResultMessage, able: Collection[str]) -> bool:
        """Whether the result is to be checked."""
        check = super().draws(message, able)
        if check:
            self._laws.audited.add(message.job_id)
        return check

    def take(self, checked: Checked) -> None:
        """What a check found."""
        if checked.unchecked:
            self._laws.audited.discard(checked.job_id)
        super().take(checked)
        self._laws.distrusted = bool(self.log)
