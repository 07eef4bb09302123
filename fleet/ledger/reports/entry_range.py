"""Finds the entries of a period by their numbers, so that a report of an hour reads an hour."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.domain.wall_clock import JUMPS_ROW, Jump, read_jumps
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace

#: steps of the clock up to 10 s are not noted as jumps
_UNNOTED_MS = 60_000
_JUMPS = f"SELECT value FROM meta WHERE name = '{JUMPS_ROW}'"  # noqa: S608 - a constant
_MIDDLE_AT = "(SELECT booked_at FROM entries WHERE id <= (low + high + 1) / 2 ORDER BY id DESC LIMIT 1)"
#: a binary search for the last entry that was booked before a moment
_LAST_BEFORE = f"""
    WITH RECURSIVE search(low, high) AS (
        SELECT 0, coalesce(max(id), 0) FROM entries
        UNION ALL
        SELECT CASE WHEN {_MIDDLE_AT} < {{at}} THEN (low + high + 1) / 2 ELSE low END,
               CASE WHEN {_MIDDLE_AT} < {{at}} THEN high ELSE (low + high + 1) / 2 - 1 END
        FROM search WHERE low < high
    )
    SELECT low FROM search WHERE low = high
"""  # noqa: S608 - a constant


def entry_range(place: LedgerPlace, since_ms: int, until_ms: int) -> tuple[int, int]:
    """Numbers (low, high) such that each entry booked from `since_ms` to before `until_ms` has low < number <= high.

    The range may hold some other entries, too. Raises LedgerError when the ledger can't be read.
    """
    first_ms, end_ms = _monotonic(clock_jumps(place), since_ms, until_ms)
    return _last_before(place, first_ms - _UNNOTED_MS), _last_before(place, end_ms + _UNNOTED_MS)


def clock_jumps(place: LedgerPlace) -> list[Jump]:
    """The jumps of the clock that dates the entries, oldest first. Raises LedgerError when it can't be read."""
    rows = fetch_all(place, _JUMPS)
    return read_jumps(rows[0][0] if rows else None)


def _last_before(place: LedgerPlace, at_ms: int) -> int:
    return int(fetch_all(place, _LAST_BEFORE.format(at=at_ms))[0][0])


def _monotonic(jumps: Sequence[Jump], since_ms: int, until_ms: int) -> tuple[int, int]:
    """The period, widened so that neither end lies in a time that the clock showed twice.

    Only for such ends does "booked before" split the entries in two.
    """
    back = [jump for jump in jumps if jump.to_ms < jump.from_ms]
    widened = True
    while widened:
        widened = False
        for jump in back:
            if jump.to_ms < since_ms <= jump.from_ms:
                since_ms, widened = jump.to_ms, True
            if jump.to_ms < until_ms <= jump.from_ms:
                until_ms, widened = jump.from_ms + 1, True
    return since_ms, until_ms
