"""An attempt that needs another host finds one: of its class, or of any where the policy lets any host compute."""

from __future__ import annotations

import pytest

from fleet.broker.presence import WorkerKinds, WorkerLevels
from fleet.coordinator.scheduling.open_jobs import OpenJobs
from fleet.coordinator.scheduling.workforce import Workforce
from fleet.domain.effects import Dispatch, JobOpened
from fleet.domain.jobs import JobState
from tasks.broker.stated_host import StatedHost
from tasks.messages import JobMessage
from tests.support.miner_script import job

TOWER, OTHER_TOWER, SHED = "worker@tower", "worker@other-tower", "worker@shed"
LEVELS = {"tower": 6, "other-tower": 6, "shed": 1}


def workforce(*able: str, refuse: bool = False) -> Workforce:
    made = Workforce(OpenJobs(()), 10)
    made.router.refuse = refuse
    made.hear(WorkerLevels({worker.partition("@")[2]: LEVELS[worker.partition("@")[2]] for worker in able}))
    made.router.look(0.0)
    made.able = frozenset(able)
    return made


def ordered(made: Workforce, *avoid: str, job_type: str = "model_training") -> Dispatch:
    message = JobMessage(job_id="j1", attempt=2, miner_id="rig", job_type=job_type, data={})
    order = made.order(Dispatch(message=message, avoid=avoid), 0.0)
    assert order is not None
    return order


@pytest.mark.parametrize("refuse", [False, True])
def test_another_host_of_its_class_computes_it_if_there_is_one(refuse: bool) -> None:
    order = ordered(workforce(TOWER, OTHER_TOWER, SHED, refuse=refuse), TOWER)
    assert (order.avoid, order.for_all) == ((TOWER,), False)


def test_without_one_any_other_host_does_where_any_may() -> None:
    order = ordered(workforce(TOWER, SHED), TOWER)
    assert (order.avoid, order.for_all) == ((TOWER,), True)


def test_without_one_the_same_host_does_where_others_are_refused() -> None:
    order = ordered(workforce(TOWER, SHED, refuse=True), TOWER)
    assert (order.avoid, order.for_all) == ((), False)


def test_jobs_that_avoid_nobody_go_to_their_class() -> None:
    made = workforce(TOWER, SHED)
    assert not ordered(made).for_all
    assert not ordered(made, TOWER, job_type="inference").for_all, "the shed takes it from the same queue"
    assert ordered(made, TOWER, SHED).avoid == (), "each may try again"


def test_what_workers_state_of_their_hosts_goes_to_where_it_is_used() -> None:
    made = workforce(TOWER)
    made.hear(WorkerKinds({"tower": ("x86_64",)}))
    assert made.auditor.identities.kinds == {"tower": ("x86_64",)}


def test_the_farms_of_all_servers_know_what_workers_state_whichever_of_them_hears_it() -> None:
    first, tower = workforce(TOWER), StatedHost(cores=8, memory_mb=16_000)
    second = Workforce(OpenJobs(()), 10, first)
    second.hear(WorkerKinds({}, {TOWER: tower}))
    assert first.stated == second.stated == {TOWER: tower}


def test_each_server_knows_which_of_the_jobs_at_the_workers_are_its_own() -> None:
    def jobs(*job_ids: str) -> OpenJobs:
        return OpenJobs(
            JobOpened(job=job(job_id), miner_id="rig", session_id="s", state=JobState.DISPATCHED, attempt=1)
            for job_id in job_ids
        )

    first = Workforce(jobs("a", "b"), 10)
    second = Workforce(jobs("c"), 10, first)
    assert (first.own_at_workers, second.own_at_workers) == (2, 1)
    assert first.at_workers == second.at_workers == 3


def test_the_containers_of_a_host_are_one_host() -> None:
    made = workforce(TOWER, SHED)
    made.able = frozenset({f"{SHED}-0123456789ab", f"{SHED}-ba9876543210", TOWER})
    assert made.able_hosts == 2
