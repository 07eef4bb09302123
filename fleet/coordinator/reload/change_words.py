"""A changed setting in one line, without ids, passwords or whole tables. Pure."""

from __future__ import annotations

from config.changes import Change
from config.hiding import shortened_id, shortened_prefix
from config.reloading import Takes
from config.server_tables import ServerSettings

#: settings whose values say whose wallet is paid, and how each is shown
_SHORTENED = {"id": shortened_id, "miner_prefix": shortened_prefix}


def line_of(change: Change) -> str:
    """The setting with its values before and after, and what the change takes if a reload is not enough."""
    shown = "changed" if change.secret else f"{_shown(change, change.before)} → {_shown(change, change.after)}"
    rest = "" if change.takes in {Takes.RELOAD, Takes.COMMANDS} else f"; needs a {change.takes.value}"
    return f"{change.name}: {shown}{rest}"


def _shown(change: Change, value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, tuple):
        return ", ".join(one.name if isinstance(one, ServerSettings) else str(one) for one in value) or "none"
    shortened = _SHORTENED.get(change.name)
    return f"{value}" if shortened is None else shortened(str(value))
