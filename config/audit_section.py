"""The section of the settings tree for results that another host computes, too, before they are submitted."""

from __future__ import annotations

from pydantic import Field

from config.sections import Finite, Section


class AuditSettings(Section):
    """How many results are checked on another host, and how many jobs can be computed again."""

    share: Finite = Field(
        0.02,
        ge=0,
        le=1,
        description="Share of a trusted host's jobs that another host computes, too; a new host's first all; 0: none.",
    )
    keep_mb: int = Field(
        256,
        ge=0,
        le=1_000_000,
        description="MB of the newest jobs that the ledger keeps for `fleet replay`, 200 to 300 bytes a job; 0: none.",
    )
