"""The health of servers: whether each takes calls, pays, and has room in its limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fleet.health.learned import UsualIncome
from fleet.health.symptom import FARM, Symptom, server_subject

#: share of a server's limit above which it is used up
_FULL = 0.97
#: longest time between two looks that counts, in seconds
_MOST_S = 5.0


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
    #: NNET a day that it usually pays; None until that is learnt
    worth: float | None = None

    @property
    def down(self) -> bool:
        """Whether it takes no calls, or is no server that gives jobs."""
        return bool(self.ban or self.verdict or self.away)

    @property
    def useless(self) -> bool:
        """Whether nothing is earned there. One that stands by might pay."""
        return self.down or self.unpaid_s > 0


class ServerIncome:
    """What one server usually pays. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._income = UsualIncome()
        self._fresh = 0.0
        self._looked_at = now

    def paid(self, amount: float) -> None:
        """The server paid an amount in NNET."""
        self._fresh += amount

    def look(self, now: float, *, earns: bool) -> float | None:
        """NNET a day that it usually pays, None until that is learnt. `earns` is whether it is mined at, and pays."""
        elapsed_s, self._looked_at = min(max(now - self._looked_at, 0.0), _MOST_S), now
        fresh, self._fresh = self._fresh, 0.0
        self._income.passed(fresh, elapsed_s, learn=float(earns))
        return self._income.usual_per_day


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
            yield Symptom(kind="server_down", subject=subject, text=text, nnet_per_day=one.worth)
        elif one.unpaid_s and some_left:
            text = f"The server {one.name} answers, but pays for no job."
            cost = one.worth
            yield Symptom(kind="server_unpaid", subject=subject, text=text, lasted_s=one.unpaid_s, nnet_per_day=cost)
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
