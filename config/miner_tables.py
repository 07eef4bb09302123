"""How many miners there are, and checks of the [[miner]] tables: against each other, the servers, and other ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import PlainValidator

from config.hiding import SHORTEST_ADDRESS, shortened_id, without_addresses
from config.sections import MinerSettings
from config.server_tables import ServerSettings, repeated

_MOST_MINERS = 100_000


def _count(value: object) -> int | Literal["auto"]:
    text = str(value).strip()
    if text == "auto":
        return "auto"
    if isinstance(value, bool) or not text.isdecimal() or not 1 <= int(text) <= _MOST_MINERS:
        raise ValueError(f"must be a number from 1 to {_MOST_MINERS:,}, or auto")
    return int(text)


MinerCount = Annotated[int | Literal["auto"], PlainValidator(_count)]


def miner_problems(miners: Sequence[MinerSettings]) -> Iterator[tuple[str, str]]:
    """What is wrong with the [[miner]] tables among themselves: the setting, and why."""
    ids = [miner.id.lower() for miner in miners]
    names = [(miner.name or "").lower() for miner in miners]
    several = len({miner.server for miner in miners}) > 1
    twice = ", and at two servers each could spend what it earns at the other" if several else ""
    for miner_id, tables in repeated(ids, "miner"):
        shown = shortened_id(miner_id)
        yield "miner", f"{tables} have the same id, {shown}, and the server ignores case{twice}; make each id unique"
    for name, tables in repeated(names, "miner"):
        yield "miner", f"{tables} have the same name, {without_addresses(name)}; make each name unique"
    known = frozenset(ids)
    for number, name in enumerate(names, 1):
        if without_addresses(name) != name or (len(name) >= SHORTEST_ADDRESS and name in known):
            yield "miner", f"the name of [[miner]] table {number} is an id, and everybody sees names; choose another"


def at_servers(
    miners: Sequence[MinerSettings], servers: Sequence[ServerSettings], *, counted: int | None
) -> Iterator[tuple[str, str]]:
    """What is wrong with the miners of each server: the setting, and why. `counted` is their number if it is fixed."""
    known = {server.name for server in servers}
    names = ", ".join(server.name for server in servers)
    for number, miner in enumerate(miners, 1):
        if miner.server is not None and miner.server not in known:
            there = f"the [[server]] tables are {names}" if known else "there are no [[server]] tables"
            yield "miner", f"[[miner]] table {number} names the server {miner.server}, and {there}; name one of them"
        elif miner.server is None and len(servers) > 1:
            yield "miner", f'[[miner]] table {number} names no server, and there are several; add server = "NAME" to it'
    named = {miner.server for miner in miners}
    for server in servers if miners and len(servers) > 1 else ():
        if server.name not in named:
            missing = f'[[miner]] tables name the miners, and none has server = "{server.name}"'
            yield "server", f"{server.name} has no ids: {missing}; add one, or remove the [[server]] table"
    for priority in sorted({server.priority for server in servers}):
        group = [server for server in servers if server.priority == priority]
        if counted is not None and not miners and counted < len(group):
            few = f"is too few for the {len(group)} servers of priority {priority}, since each needs a miner"
            yield "miners", f"{few}; set it to {len(group)} or more, or give servers different priorities"
