"""Whether Redis lets a part of the farm in, as an error where it does not."""

from __future__ import annotations

from fleet.errors import ServiceError, WrongSetting
from tasks.broker.handshake import Refusal


def admitted(refusal: Refusal | None) -> None:
    """Raise WrongSetting for a refusal that only other settings mend, ServiceError for any other one."""
    if refusal is None:
        return
    raise (WrongSetting if refusal.permanent else ServiceError)(refusal.reason)
