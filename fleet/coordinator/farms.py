"""The farms of several servers, seen as one by output, status and metrics.

A coordinator of one server shows its farm itself.

One file: a reader sees in one place what is summed up, and what holds only if it holds for every server.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence

from fleet.broker.disguise import split_id
from fleet.coordinator.bookkeeper import Bookkeeper, CommitTimes
from fleet.coordinator.scheduling.open_jobs import TrackedJob
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.miner.miner import Miner
from fleet.ratelimit.governor import Governor
from fleet.server.prospect import Prospect
from fleet.server.verdict import Verdict


class Farms:
    """Several farms, by the names of their servers. Sums and conditions hold for all of them together."""

    def __init__(self, by_server: Mapping[str, Farm]) -> None:
        self.by_server = dict(by_server)
        self._each = each = tuple(by_server.values())
        self.miners: ChainMap[str, Miner] = ChainMap(*(farm.miners for farm in each))
        self.jobs, self.governor = AllJobs(by_server), AllLimits(each)
        self.server, self.timetable = AllReachable(by_server), AllTimetables(each)
        #: all farms share the workers
        self.workers = each[0].workers

    @property
    def removed(self) -> set[str]:
        """The ids of miners that the settings no longer name."""
        return set().union(*(farm.removed for farm in self._each))

    @property
    def in_use(self) -> dict[str, Miner]:
        """The miners that were opened, or have something in the ledger, by id."""
        return {miner_id: miner for farm in self._each for miner_id, miner in farm.in_use.items()}

    @property
    def draining(self) -> bool:
        """Whether the farms finish their jobs, to end."""
        return any(farm.draining for farm in self._each)


#: what output, status and metrics read: the farm of the only server, or those of several
AnyFarm = Farm | Farms


def together(by_server: Mapping[str, Farm]) -> AnyFarm:
    """The farm of the only server, or the farms of several as one."""
    return Farms(by_server) if len(by_server) > 1 else next(iter(by_server.values()))


def count(farm: AnyFarm) -> int:
    """The number of miners that the settings name."""
    return len(farm.miners) - len(farm.removed)


def by_server(farm: AnyFarm) -> Mapping[str, Farm]:
    """The farm of each server by its name, which is empty for the only one."""
    return farm.by_server if isinstance(farm, Farms) else {"": farm}


def advice_of(farm: AnyFarm) -> dict[str, str]:
    """What would earn more at each server, by its name as in `by_server`, where it is known."""
    autos = {name: one.auto for name, one in by_server(farm).items() if not one.auto.standing_by}
    found = {name: auto.adviser.advice for name, auto in autos.items()}
    return {name: advice.sentence for name, advice in found.items() if advice is not None}


def expected(farm: AnyFarm, now: float) -> tuple[float, float] | None:
    """NNET a second that are expected, and the relative standard error; None while any farm that mines can't say."""
    if isinstance(farm, Farms):
        mining = [one for one in farm.by_server.values() if not one.auto.standing_by]
        incomes = [expected(one, now) for one in mining]
        known = [income for income in incomes if income is not None]
        total = sum(income for income, _ in known)
        if len(known) < len(incomes) or not total:
            return None
        return total, sum(income * error for income, error in known) / total
    auto, hindered = farm.auto, farm.workers.absent_since is not None or farm.server.away or farm.draining
    if not auto.own or not auto.model.ready or hindered or farm.server.banned(now):
        return None
    income = auto.model.income(auto.own)
    return income.total, income.error


class AllJobs:
    """The open jobs of several servers."""

    def __init__(self, by_server: Mapping[str, Farm]) -> None:
        self._by_server = by_server

    def __len__(self) -> int:
        return sum(len(farm.jobs) for farm in self._by_server.values())

    @property
    def at_workers(self) -> int:
        """Number of jobs whose result is awaited."""
        return sum(farm.jobs.at_workers for farm in self._by_server.values())

    @property
    def oldest_ordered_at(self) -> float | None:
        """When the oldest job that was sent to a worker was last sent there, in monotonic seconds; None without one."""
        times = [farm.jobs.oldest_ordered_at for farm in self._by_server.values()]
        return min((at for at in times if at is not None), default=None)

    def get(self, job_id: str) -> TrackedJob | None:
        """An open job by its id within the coordinator, which names the server; None if it is not open."""
        server, own = split_id(job_id)
        farm = self._by_server.get(server)
        return None if farm is None else farm.jobs.get(own)


class AllLimits:
    """The request limits of several servers, each of which counts on its own, without servers that stand by."""

    def __init__(self, farms: Sequence[Farm]) -> None:
        self._farms = tuple(farms)

    @property
    def window_s(self) -> float:
        """The longest window, in seconds."""
        return max(farm.governor.window_s for farm in self._farms)

    @property
    def limit(self) -> float:
        """Requests that the servers take in the longest window."""
        return sum(governor.limit * self.window_s / governor.window_s for governor in self._mining())

    @property
    def refused(self) -> int:
        """Requests that any server refused since the start."""
        return sum(farm.governor.refused for farm in self._farms)

    @property
    def total(self) -> int:
        """Requests that were made since the start, at all servers."""
        return sum(farm.governor.total for farm in self._farms)

    def used(self, now: float) -> int:
        """Requests in the present window of each server."""
        return sum(governor.used(now) for governor in self._mining())

    def more_miners(self, now: float) -> int:
        """Further miners that the limits carry."""
        return sum(governor.more_miners(now) for governor in self._mining())

    def _mining(self) -> list[Governor]:
        return [farm.governor for farm in self._farms if not farm.auto.standing_by]


class AllReachable:
    """Whether any of several servers takes calls."""

    def __init__(self, by_server: Mapping[str, Farm]) -> None:
        self._all = {name: farm.server for name, farm in by_server.items()}

    @property
    def away(self) -> bool:
        """Whether every server is unavailable."""
        return all(server.away for server in self._all.values())

    def unpaid_s(self, now: float) -> float:
        """For how long no server has paid for a job although all answer, in seconds; 0 while any pays."""
        return min(server.unpaid_s(now) for server in self._all.values())

    def banned(self, now: float) -> str:
        """Why no server is called: each has banned this address. Empty if any has not."""
        words = {name: server.banned(now) for name, server in self._all.items()}
        return "; ".join(f"{name}: {text}" for name, text in words.items()) if all(words.values()) else ""


class AllTimetables:
    """The timetables of several servers."""

    def __init__(self, farms: Sequence[Farm]) -> None:
        self._all = [farm.timetable for farm in farms]

    @property
    def left_out(self) -> int:
        """Number of miners that are not started, since a limit has no room for their heartbeats."""
        return sum(timetable.left_out for timetable in self._all)


class AllBooks:
    """The threads that write the accounts of several servers."""

    def __init__(self, several: Sequence[Bookkeeper]) -> None:
        self._several = tuple(several)

    @property
    def waits_s(self) -> float:
        """Seconds that an account has been waited for; 0 while none is."""
        return max(books.waits_s for books in self._several)

    @property
    def reason(self) -> str:
        """Why an account is waited for, as a sentence."""
        return max(self._several, key=lambda books: books.waits_s).reason

    def times(self) -> CommitTimes:
        """The times of the slowest."""
        several = [books.times() for books in self._several]
        return CommitTimes(
            median_ms=max(times.median_ms for times in several),
            worst_ms=max(times.worst_ms for times in several),
            log_grown=several[0].log_grown,
        )


#: what output and status read: the account of the only server, or those of several
AnyBooks = Bookkeeper | AllBooks


def all_books(several: Sequence[Bookkeeper]) -> AnyBooks:
    """The writer of the only server's account, or those of several as one."""
    return AllBooks(several) if len(several) > 1 else several[0]


class Prospects:
    """The judgements on several servers: something is wrong only while it is wrong with each of them."""

    def __init__(self, several: Sequence[Prospect]) -> None:
        self._several = tuple(several)

    def unhealthy(self, now: float) -> Verdict | None:
        """The verdict on the first server, if none gave a job in the first two minutes; else None."""
        verdicts = [one.unhealthy(now) for one in self._several]
        return verdicts[0] if all(verdicts) else None

    def at_end(self, *, assigned: int, asked: bool) -> Verdict | None:
        """The verdict on a run that was given `assigned` jobs by all servers (see `Prospect.at_end`)."""
        verdicts = [one.at_end(assigned=assigned, asked=asked) for one in self._several]
        return verdicts[0] if all(verdicts) else None
