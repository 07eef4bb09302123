"""What differs between two readings of the settings, and what a running farm can take over of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config.reloading import TAKES, Takes
from config.settings import Settings
from config.tree import leaves

#: what a setting takes that a reload takes over
_AT_ONCE = (Takes.RELOAD, Takes.COMMANDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One setting that differs. Miners' tables are compared by what becomes of each miner, not here."""

    #: dotted name, e.g. `http.connections`; `server.main.weight` for a field of the table of that name
    name: str
    takes: Takes
    #: whether the value must not be shown
    secret: bool
    before: object
    after: object


def changes(before: Settings, after: Settings) -> list[Change]:
    """The settings that differ, in the order of the tree, without miners' tables."""
    return [*_changed(before, after)]


def taken_over(before: Settings, after: Settings) -> Settings:
    """The settings of a running farm after a reload: `after`, but what needs a restart stays as it was."""
    update: dict[str, Any] = {}
    for leaf in leaves(Settings):
        section, _, name = leaf.name.rpartition(".")
        if TAKES.get(leaf.name, Takes.RELOAD) in _AT_ONCE:
            continue
        kept = _at(before, leaf.path)
        if leaf.name == "server":
            kept = _with_weights(before, after)
        if section:
            model = update.get(section, getattr(after, section))
            update[section] = model.model_copy(update={name: kept})
        else:
            update[name] = kept
    return after.model_copy(update=update)


def same_servers(before: Settings, after: Settings) -> bool:
    """Whether both name the same servers, so that miners can be told apart by their server."""
    if isinstance(before.server, tuple) and isinstance(after.server, tuple):
        return [one.name for one in before.server] == [one.name for one in after.server]
    return before.server == after.server


def _changed(before: Settings, after: Settings) -> Iterator[Change]:
    for leaf in leaves(Settings):
        old, new = _at(before, leaf.path), _at(after, leaf.path)
        if old == new or leaf.name == "miner":
            continue
        if leaf.name == "server" and isinstance(old, tuple) and isinstance(new, tuple) and same_servers(before, after):
            yield from _in_tables(before, after)
            continue
        takes = TAKES[leaf.name]
        if leaf.name == "miners" and before.auto != after.auto:
            # opening and closing sessions by itself begins with a start
            takes = Takes.COORDINATOR
        yield Change(name=leaf.name, takes=takes, secret=leaf.secret, before=old, after=new)


def _in_tables(before: Settings, after: Settings) -> Iterator[Change]:
    for old, new in zip(before.servers, after.servers, strict=True):
        for field in leaves(type(old)):
            values = _at(old, field.path), _at(new, field.path)
            if values[0] != values[1]:
                takes = TAKES[f"server.{field.name}"]
                name = f"server.{old.name}.{field.name}"
                yield Change(name=name, takes=takes, secret=field.secret, before=values[0], after=values[1])


def _with_weights(before: Settings, after: Settings) -> object:
    if not (isinstance(before.server, tuple) and isinstance(after.server, tuple) and same_servers(before, after)):
        return before.server
    pairs = zip(before.server, after.server, strict=True)
    return tuple(old.model_copy(update={"weight": new.weight}) for old, new in pairs)


def _at(value: object, path: tuple[str, ...]) -> object:
    for part in path:
        value = getattr(value, part)
    return value
