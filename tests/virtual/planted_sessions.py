"""Deliberate bugs in how requests for sessions are written down, and in what becomes of those without an answer."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.domain.calls import CallKind
from fleet.domain.effects import Effect
from fleet.domain.session_effects import SessionDenied, SessionRequested
from fleet.errors import CallError
from fleet.ledger.sessions import Sessions
from fleet.miner.lifecycle import Lifecycle
from tests.virtual.planted_bug import Planted


def _requests_before_writing(_: Lifecycle, __: CallKind) -> list[Effect]:
    return []


def _records_no_request(_: Sessions, __: Sequence[SessionRequested], ___: int) -> None:
    """Leave the ledger as it is."""


def _denies_what_was_not_answered(self: Lifecycle, _: CallError) -> list[Effect]:
    return [SessionDenied(miner_id=self._spec.miner_id)]


def _rests_in_doubt(self: Lifecycle) -> bool:
    return self.left_open is not None


OF_SESSIONS = (
    Planted(
        name="requests a session before writing it down",
        owner=Lifecycle,
        attribute="begins",
        bug=_requests_before_writing,
        seed=1,
    ),
    Planted(
        name="records no request for a session",
        owner=Sessions,
        attribute="request",
        bug=_records_no_request,
        seed=126,
        later=True,
    ),
    Planted(
        name="forgets a session whose start was not answered",
        owner=Lifecycle,
        attribute="request_failed",
        bug=_denies_what_was_not_answered,
        seed=18,
        later=True,
    ),
    Planted(
        name="rests although a session may be open",
        owner=Lifecycle,
        attribute="may_be_open",
        bug=property(_rests_in_doubt),
        seed=100,
        later=True,
    ),
)
