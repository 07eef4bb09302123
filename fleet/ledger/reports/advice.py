"""The advice that a coordinator left in the ledger, with its age."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fleet.earning.advice import Advice
from fleet.earning.advice_json import read_advice
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace

_ROWS = (
    "SELECT servers.name, meta.value FROM meta JOIN servers ON meta.name = 'income ' || servers.id ORDER BY servers.id"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptAdvice:
    """What was known of the income at a server."""

    server: str
    advice: Advice
    #: UTC milliseconds since 1970
    at_ms: int


def kept_advice(place: LedgerPlace) -> list[KeptAdvice]:
    """The newest advice for each server. A row that can't be read is left out, since other programs write there."""
    found = []
    for server, value in fetch_all(place, _ROWS):
        try:
            stored = json.loads(value)
            found.append(KeptAdvice(server=server, advice=read_advice(stored["advice"]), at_ms=int(stored["at"])))
        except (ValueError, TypeError, KeyError, OverflowError):
            continue
    return found
