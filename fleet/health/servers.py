"""The health of servers: whether each takes calls, pays, and has room in its limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fleet.health.symptom import FARM, Symptom, server_subject

#: share of a server's limit above which it is used up
_FULL = 0.97


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFacts:
    """The facts of one server from which symptoms are detected. A text is empty without trouble."""

    name: str
    #: why this address may not call it
    ban: str
    #: whether no call is answered
    away: bool
    #: what its answers so far show to be wrong with it
    verdict: str
    #: for how long it has answered without paying for a job, in seconds; 0 while that is not unusual
    unpaid_s: float
    #: whether it stands by for another one
    stands_by: bool
    #: miners, and those that its limit has no room for
    miners: int
    left_out: int
    #: requests that its limit allows in a window, and that were sent in it
    limit: int
    used: int

    @property
    def down(self) -> bool:
        """Whether it takes no calls, or is no server that gives jobs."""
        return bool(self.ban or self.verdict or self.away)

    @property
    def useless(self) -> bool:
        """Whether nothing is earned there. One that stands by might pay."""
        return self.down or self.unpaid_s > 0


def subject_of(servers: Sequence[ServerFacts]) -> str:
    """The subject of what concerns all servers of a farm."""
    return server_subject(servers[0].name) if len(servers) == 1 else FARM


def all_stopped(servers: Sequence[ServerFacts], worth: float | None) -> Iterator[Symptom]:
    """Why no server takes calls or pays, in one symptom; nothing while any does. It costs all that the farm earns."""
    if not all(one.useless for one in servers):
        return
    kind, text, lasted_s = _cause(servers[0]) if len(servers) == 1 else _causes(servers)
    subject = FARM if kind == "unpaid" else subject_of(servers)
    yield Symptom(kind=kind, subject=subject, text=text, lasted_s=lasted_s, nnet_per_day=worth)


def server_symptoms(servers: Sequence[ServerFacts]) -> Iterator[Symptom]:
    """What is wrong with single servers. `all_stopped` says it where none is of any use."""
    some_left = not all(one.useless for one in servers)
    for one in servers:
        subject, limit = server_subject(one.name), _limit(one, only=len(servers) == 1)
        if one.down and some_left:
            text = f"The server {one.name} {_words(one)}; results for it are kept."
            yield Symptom(kind="server_down", subject=subject, text=text)
        elif one.unpaid_s and some_left:
            text = f"The server {one.name} answers, but pays for no job."
            yield Symptom(kind="server_unpaid", subject=subject, text=text, lasted_s=one.unpaid_s)
        if one.left_out:
            text = f"{limit} has no room for {one.left_out} of {one.miners} miners."
            yield Symptom(kind="no_room", subject=subject, text=text)
        if not one.stands_by and one.used >= _FULL * one.limit:
            text = f"{limit} is used up, so jobs wait for room in it."
            yield Symptom(kind="budget_full", subject=subject, text=text)


def _limit(one: ServerFacts, *, only: bool) -> str:
    return "The server's limit of requests" if only else f"The limit of requests of the server {one.name}"


def _cause(one: ServerFacts) -> tuple[str, str, float]:
    """Kind, text and duration of what stops the only server."""
    refused = one.ban or one.verdict
    if refused:
        return "ban" if one.ban else "server", f"{refused[0].upper()}{refused[1:].rstrip('.')}.", 0.0
    if one.away:
        return "outage", "The server does not answer; results are kept until it does.", 0.0
    return "unpaid", "The server answers, but pays for no job.", one.unpaid_s


def _causes(servers: Sequence[ServerFacts]) -> tuple[str, str, float]:
    """The same for several, none of which earns anything."""
    if all(one.away for one in servers):
        return "outage", "No server answers; results are kept until one does.", 0.0
    if all(one.ban for one in servers):
        return "ban", "All servers refuse all calls from this address; results are kept until one takes them.", 0.0
    if not any(one.down for one in servers):
        return "unpaid", "All servers answer, but none pays for a job.", min(one.unpaid_s for one in servers)
    return "outage", f"No server can be mined at: {'; '.join(f'{one.name} {_words(one)}' for one in servers)}.", 0.0


def _words(one: ServerFacts) -> str:
    if one.ban:
        return "refuses all calls from this address"
    if one.verdict:
        return f"is not mined at: {one.verdict.rstrip('.')}"
    return "does not answer" if one.away else "pays for no job"
