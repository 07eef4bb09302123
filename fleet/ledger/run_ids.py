"""The ids of a run in the ledger: a run at several servers has one for each."""

from __future__ import annotations

#: between the id of the run and the name of the server, neither of which holds it
_MARK = " "


def run_at(run_id: str, server: str) -> str:
    """The id of a run at one of several servers; the run's own id where `server` is empty, for the only one."""
    return f"{run_id}{_MARK}{server}" if server else run_id


def run_of(row_id: str) -> str:
    """The id of the run, from one that `run_at` made."""
    return row_id.partition(_MARK)[0]
