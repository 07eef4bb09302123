"""Faulty jobs that a real server should never send."""

from __future__ import annotations

import json
from random import Random
from typing import cast

from fleet.simulator.answers import encode
from fleet.simulator.assignments import JobMaker, Tamper
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.faults import Fault
from fleet.simulator.garbage import as_written, flawed_value
from fleet.simulator.jobs import draw_data, poisoned
from fleet.simulator.world import World


def tamper_of(fault: Fault) -> Tamper | None:
    """The change that the fault makes to a new job; None for faults that send a different job instead."""
    if fault.kind is FaultKind.POISON:
        return lambda job: job | {"data": poisoned(str(job["task_type"]))}
    if fault.kind is FaultKind.UNKNOWN_TYPE:
        return lambda job: job | {"task_type": fault.text}
    if fault.kind is FaultKind.FLAWED_DATA:
        return lambda job: job | {"data": {**cast("dict[str, object]", job["data"]), "flaw": flawed_value(fault.text)}}
    if fault.kind is FaultKind.JOB_REWARD:
        return lambda job: job | {"reward": as_written(fault.text)}
    if fault.kind is FaultKind.DEADLINE:
        times = ("timeout_seconds", "created_at", "expires_at")
        return lambda job: job | {name: as_written(fault.text) for name in times if name in job}
    return None


def replaced_job(fault: Fault, world: World, maker: JobMaker, miner: str) -> bytes | None:
    """The job that a fetch gets instead of its own; None where the fault has none to give."""
    if fault.kind is FaultKind.OTHER_MINER:
        return world.jobs.fetched_by_another(miner)
    contributor = world.contributors.get(miner)
    if fault.kind is not FaultKind.OTHER_PAYLOAD or contributor is None or contributor.session is None:
        return None
    if contributor.pending is not None:
        data = draw_data(contributor.pending.job_type, Random(contributor.pending.number))
        try:
            return encode(json.loads(contributor.pending.body) | {"data": data})
        except (ValueError, RecursionError):
            # another fault has put into it what is no JSON
            return None
    if contributor.last_completed is None:
        return None
    drawn = maker.draw(miner, -1 - contributor.jobs_drawn)
    stated = maker.stated(
        drawn,
        job_id=world.jobs.job_id(contributor.last_completed),
        session_id=contributor.session.session_id,
        contributor_id=miner,
        reward=maker.reward(drawn, world.census.active),
        active_miners=world.census.active,
        now=contributor.session.last_heartbeat,
    )
    return encode(stated)
