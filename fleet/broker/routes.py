"""Which queue takes the jobs of each hardware class, by the workers that are there. Pure.

Workers take jobs from the queues of all classes that their host qualifies for. So classes that the same workers serve
share a queue, that of their lowest one: where all hosts are alike, there is one queue, and jobs share messages as ever.
Those that not all workers serve have two, one for classes with long jobs and one for the others, since hosts that don't
qualify help with short jobs before they help with long ones. While they do help, the short jobs of all classes are for
every host, so they have one queue and share messages: a message costs a worker more than most of them do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tasks.job_queues import QUEUES
from tasks.jobtypes import CLASSES, JOB_TYPES, LEVELS, LONG_LEVELS

#: seconds between two looks while no worker comes or goes
_LOOK_S = 1.0
#: seconds without any result for the jobs of a class, after which no worker counts as serving it, and for how long
_STALLED_S, _DISTRUSTED_S = 60.0, 600.0
#: Messages leave a queue in order: one has left it once a job that was sent this many seconds later has a result.
_LATER_S = 2.0


@dataclass(frozen=True, slots=True)
class Routes:
    """The queue of each class."""

    #: Level of a class → level of the class whose queue takes its jobs. A class that is refused is missing.
    by_level: Mapping[int, int]

    def takes(self, job_type: str) -> bool:
        """Whether jobs of a type are computed at all."""
        return JOB_TYPES[job_type].level in self.by_level

    def queue_of(self, level: int) -> str | None:
        """The queue for the jobs of a class; None if they are refused."""
        taken_by = self.by_level.get(level)
        return None if taken_by is None else QUEUES[taken_by]

    @property
    def queues(self) -> frozenset[str]:
        """The queues that are in use."""
        return frozenset(QUEUES[level] for level in self.by_level.values())

    @property
    def refused(self) -> tuple[str, ...]:
        """The job types that are refused."""
        return tuple(name for name in JOB_TYPES if not self.takes(name))


#: while nothing is known of the workers
ONE_QUEUE = Routes(dict.fromkeys(LEVELS, LEVELS[0]))


def routes_for(live: Collection[int], *, refuse: bool, helping: bool = False) -> Routes:
    """The routes for workers of these levels, at least one.

    Jobs of a class above all of them are refused, or go to the queue of the best class that any worker serves. While
    hosts help each other, which `refuse` rules out, the short jobs of all classes go to the first queue.
    """
    steps = sorted(set(live))
    best = steps[-1]
    by_level: dict[int, int] = {}
    #: the workers, by their lowest level, and whether jobs are long → the lowest such class of theirs
    lowest: dict[tuple[int, bool], int] = {}
    for level in LEVELS[:best]:
        # those of the same step have the same workers
        step = min(one for one in steps if one >= level)
        if step == steps[0]:
            by_level[level] = LEVELS[0]
        else:
            by_level[level] = lowest.setdefault((step, level in LONG_LEVELS), level)
    if not refuse:
        for level in LEVELS[best:]:
            by_level[level] = lowest.get((best, level in LONG_LEVELS), by_level[best])
        if helping:
            by_level |= {level: LEVELS[0] for level in LEVELS if level not in LONG_LEVELS}
    return Routes(by_level)


def unserved(job_type: str) -> str:
    """Why a job of a refused class is lost."""
    return f"no host qualifies: {job_type} needs {CLASSES[JOB_TYPES[job_type].level - 1].words}"


class Router:
    """Follows which workers are there. Any worker can state any level, so a class without results is not believed.

    Times are monotonic seconds.
    """

    def __init__(self, *, refuse: bool = False) -> None:
        """`refuse` refuses the jobs of classes that no worker serves, instead of giving them to the best there is."""
        self.refuse = refuse
        self.routes = ONE_QUEUE
        #: whether hosts help with the jobs of all classes
        self._helping = False
        #: worker → its level, as it states it
        self._levels: Mapping[str, int] = {}
        #: level of a class → since when its jobs have waited without any result
        self._waits_since: dict[int, float] = {}
        #: level of a class that no worker serves, whatever it states → until when
        self._distrusted: dict[int, float] = {}
        self._told: Routes | None = None
        self._look_at = float("-inf")
        #: level of a queue → when the newest of its jobs that a worker has answered for was sent
        self._answered: dict[int, float] = {}

    def queue_of(self, job_type: str) -> str:
        """The queue that now takes jobs of a type; the first one for a type that is refused, or of no known name."""
        known = JOB_TYPES.get(job_type)
        return (None if known is None else self.routes.queue_of(known.level)) or QUEUES[LEVELS[0]]

    def live(self, levels: Mapping[str, int], *, helping: bool = False) -> None:
        """The workers that take jobs, and their levels. Without any, jobs wait, and the routes stay."""
        self._helping = helping
        if levels:
            self._levels, self._look_at = levels, float("-inf")

    def ordered(self, job_type: str, now: float) -> None:
        """A job was sent to the workers."""
        self._waits_since.setdefault(JOB_TYPES[job_type].level, now)

    def ended(self, job_type: str, sent_at: float | None) -> None:
        """A worker answered for a job, which was last sent at this time."""
        self._waits_since.pop(JOB_TYPES[job_type].level, None)
        queue = self._queue(job_type)
        if sent_at is not None and sent_at > self._answered.get(queue, float("-inf")):
            self._answered[queue] = sent_at

    def overtaken(self, job_type: str, sent_at: float | None) -> bool:
        """Whether the message of a job that was sent at this time is out of its queue: later ones were computed."""
        answered = self._answered.get(self._queue(job_type))
        return answered is not None and sent_at is not None and answered - sent_at > _LATER_S

    def serving(self, workers: Collection[str], job_type: str) -> frozenset[str]:
        """Those of `workers`, as `worker@name`, that take jobs of a type; those of an unknown level among them."""
        needed = self._queue(job_type)
        levels = ((worker, self._levels.get(worker.partition("@")[2], needed)) for worker in workers)
        return frozenset(worker for worker, level in levels if level >= needed)

    def _queue(self, job_type: str) -> int:
        return self.routes.by_level.get(JOB_TYPES[job_type].level, LEVELS[0])

    def paused(self) -> None:
        """No worker takes jobs, so that none is expected to answer."""
        self._waits_since.clear()

    def look(self, now: float) -> Routes | None:
        """Update the routes; returns them if they differ from what this returned last."""
        if not self._levels or now < self._look_at:
            return None
        self._look_at = now + _LOOK_S
        for level, since in list(self._waits_since.items()):
            taken_by = self.routes.by_level.get(level, LEVELS[0])
            if now - since >= _STALLED_S and taken_by > LEVELS[0]:
                self._distrusted[taken_by] = now + _DISTRUSTED_S
                del self._waits_since[level]
        self._distrusted = {level: until for level, until in self._distrusted.items() if until > now}
        most = min(self._distrusted, default=LEVELS[-1] + 1) - 1
        levels = {min(level, most) for level in self._levels.values()}
        self.routes = routes_for(levels, refuse=self.refuse, helping=self._helping)
        if self.routes == self._told:
            return None
        self._told = self.routes
        # messages were moved to the end of other queues
        self._answered.clear()
        return self.routes
