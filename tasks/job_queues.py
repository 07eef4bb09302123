"""The Celery queues of jobs, one for each hardware class, and which of them a host takes jobs from."""

from __future__ import annotations

from tasks.jobtypes import CLASSES, LEVELS
from tasks.messages import JOBS_QUEUE

#: The Redis list of each class, by its level. The first has the name that earlier releases know: their workers take
#: jobs from it alone.
QUEUES: dict[int, str] = {
    level: JOBS_QUEUE if level == 1 else f"{JOBS_QUEUE}.{CLASSES[level - 1].name}" for level in LEVELS
}
JOB_QUEUES = frozenset(QUEUES.values())
#: the message header with the level of the class that its jobs are for; a message without it is for every host
LEVEL_HEADER = "level"


def queues_of_host(level: int) -> tuple[str, ...]:
    """The queues that a host of this level takes jobs from, its best first."""
    return tuple(QUEUES[one] for one in range(level, 0, -1))
