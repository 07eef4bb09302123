"""Turns a refusal of the Redis handshake into an error."""

from __future__ import annotations

from fleet.errors import ServiceError, WrongSetting
from tasks.broker.handshake import Refusal


def raise_refusal(refusal: Refusal | None) -> None:
    """Raise WrongSetting for a refusal that only other settings can fix, ServiceError for any other."""
    if refusal is None:
        return
    raise (WrongSetting if refusal.permanent else ServiceError)(refusal.reason)
