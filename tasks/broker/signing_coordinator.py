"""Whether the coordinator signs its jobs, as it states in Redis, where no worker can write that."""

from __future__ import annotations

from tasks.broker.statement import parse_statement


class SigningCoordinator:
    """What the coordinator stated last; one of an earlier release states nothing of it, and does not sign."""

    def __init__(self) -> None:
        self.signs = False
        #: whether the ids of its bundles are made from their jobs
        self.binds = False

    def read(self, answer: object) -> None:
        """Take in Redis's answer for the coordinator's statement; a missing one says nothing."""
        stated = parse_statement(answer) if isinstance(answer, bytes) else None
        if stated is not None:
            self.signs, self.binds = stated.signs, stated.binds


coordinator = SigningCoordinator()
