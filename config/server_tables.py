"""The [[server]] tables: the servers that one coordinator mines at, each with its own limit, ids and account."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, SecretStr, StringConstraints, Tag

from config.sections import Finite, Interface, Section, ServerName, checked_proxy
from config.servers import server_url

_MOST_WEIGHT = 1_000_000


def _weight(weight: float) -> float:
    if not 0 < weight <= _MOST_WEIGHT:
        raise ValueError(f"must be above 0 and at most {_MOST_WEIGHT:,}; to leave a server out, remove its table")
    return weight


class BudgetSettings(Section):
    """The requests that the server takes from one address."""

    requests: int = Field(
        5000, ge=1, le=10_000_000, description="Requests allowed in one window; a lower limit is learnt from refusals."
    )
    window_s: Finite = Field(
        60.0, ge=1, le=86_400, description="Sliding window in seconds; another length is learnt from refusals."
    )


class FailoverSettings(Section):
    """When servers of a later priority are mined at, where there are several."""

    after_s: Finite = Field(
        5.0,
        ge=1,
        le=3_600,
        description="Seconds that all servers of earlier priorities must be down until the next are mined at.",
    )
    back_s: Finite = Field(
        30.0,
        ge=1,
        le=86_400,
        description="Seconds that one of them must then take calls and pay until the later ones are left again.",
    )


class ServerSettings(Section):
    """One server among several, named in `fleet.toml`."""

    name: ServerName = Field(
        description="Short name of the server in output and reports, and before the ids of its jobs in Flower.",
        examples=["main"],
    )
    url: Annotated[str, AfterValidator(server_url)] = Field(
        description="Its base URL.", examples=["https://neonet.example.com"]
    )
    account: Annotated[str, StringConstraints(pattern=r"^\S{1,200}$")] | None = Field(
        None,
        description="Name of the server in the ledger, kept when its URL changes; unset: its URL.",
        examples=["neonet-main"],
    )
    priority: int = Field(
        1, ge=1, le=100, description="Mined at while all servers with a lower number are down; equal: at the same time."
    )
    weight: Annotated[Finite, AfterValidator(_weight)] = Field(
        1.0, description="Its share of a fixed number of miners; with auto, each server opens as many as earn the most."
    )
    requests: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Requests allowed in one window; unset: budget.requests.",
        examples=[5000],
    )
    window_s: Finite | None = Field(
        None, ge=1, le=86_400, description="Sliding window in seconds; unset: budget.window_s.", examples=[60.0]
    )
    interface: Interface | None = Field(
        None, description="Interface or address that its calls leave by; unset: http.interface.", examples=["eth1"]
    )
    proxy: Annotated[SecretStr, AfterValidator(checked_proxy)] | None = Field(
        None,
        description="http:// URL of a proxy to it, or env; unset: http.proxy.",
        examples=["http://user:a-long-password@proxy.lan:3128"],
    )

    @property
    def ledger_name(self) -> str:
        """The name of the server's account in the ledger."""
        return self.account or self.url

    def budget(self, common: BudgetSettings) -> BudgetSettings:
        """The requests that the server takes; `common` where its table says nothing."""
        return BudgetSettings(requests=self.requests or common.requests, window_s=self.window_s or common.window_s)


_URL, _TABLES = FORMS = ("one URL", "several tables")


def _form(value: object) -> str:
    return _TABLES if isinstance(value, list | tuple) else _URL


#: the URL of the only server, or several tables
ServerChoice = Annotated[
    Annotated[str, AfterValidator(server_url), Tag(_URL)] | Annotated[tuple[ServerSettings, ...], Tag(_TABLES)],
    Discriminator(_form),
]


def shares(servers: Sequence[ServerSettings], miners: int) -> list[int]:
    """How many of `miners` each server gets by its weight: all of them among those of each priority, at least one each.

    There must be as many miners as servers of one priority, or more.
    """
    given = [1] * len(servers)
    for priority in {server.priority for server in servers}:
        group = [number for number, server in enumerate(servers) if server.priority == priority]
        weights = sum(servers[number].weight for number in group)
        exact = {number: servers[number].weight / weights * miners for number in group}
        for _ in range(miners - len(group)):
            given[max(group, key=lambda number: exact[number] - given[number])] += 1
    return given


def table_problems(servers: Sequence[ServerSettings], given: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the [[server]] tables: the setting, and why. `given` names other settings that are set."""
    if "server_name" in given:
        yield "server_name", "can't be combined with [[server]] tables; write it as account into the server's table"
    for name in ("id", "miner_prefix") if len(servers) > 1 else ():
        if name in given:
            instead = "leave it out, and each server gets its own, or name the miners in [[miner]] tables"
            yield name, f"can't be combined with several [[server]] tables, whose ids must differ; {instead}"
    if not servers:
        yield "server", "names no server; give a URL, or one [[server]] table for each server"
    for what, values in (
        ("name", [server.name.lower() for server in servers]),
        ("url", [server.url for server in servers]),
        ("account", [server.ledger_name for server in servers]),
    ):
        for value, tables in repeated(values, "server"):
            if what == "url":
                why = "it would count the farm twice at one address; remove one of the two"
            elif what == "account":
                why = "each server needs an account of its own in the ledger; name another one"
            else:
                why = "the farm could not tell them apart; make each name unique"
            # an account that is the URL was reported as such
            if what != "account" or value not in {server.url for server in servers}:
                yield "server", f"{tables} have the same {what}, {value}: {why}"


def repeated(values: Sequence[str], table: str) -> Iterator[tuple[str, str]]:
    """Each value that several [[`table`]] tables have, and these tables in words; empty values don't count."""
    found: dict[str, list[str]] = {}
    for number, value in enumerate(values, 1):
        if value:
            found.setdefault(value, []).append(str(number))
    for value, numbers in found.items():
        if len(numbers) > 1:
            yield value, f"[[{table}]] tables {', '.join(numbers[:-1])} and {numbers[-1]}"
