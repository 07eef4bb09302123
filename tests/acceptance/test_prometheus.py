"""A real Prometheus that scrapes a running farm: each query of the board, of the alerts and of others' boards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fleet.local.redis_server import free_port
from tests.chaos.farm import Farm, Setup
from tests.support.processes import eventually
from tests.support.promtool import Prometheus, board_queries, prometheus

pytestmark = pytest.mark.timeout(300)

_TOKEN = "a-token-of-sixteen"
#: what finds nothing while nothing is wrong, or before a miner's second heartbeat, a minute after its first
_QUIET = ("ALERTS", "neonet_wrong", "neonet_heartbeat_lateness_seconds_bucket")
#: what the boards and alerts of celery-exporter's mixin ask, with their variables filled in
_CELERY_EXPORTERS = """
count(celery_worker_up{job="neonet"} == 1)
sum(celery_worker_tasks_active{job="neonet"})
sum by (queue_name) (celery_queue_length{job="neonet", queue_name=~".*"})
sum by (name) (round(increase(celery_task_sent_total{job="neonet", name=~"neonet.+"}[5m])))
sum by (name) (round(increase(celery_task_succeeded_total{job="neonet", queue_name=~".*"}[5m])))
sum by (exception) (round(increase(celery_task_failed_total{job="neonet"}[5m])))
sum(celery_task_succeeded_total) / (sum(celery_task_succeeded_total) + sum(celery_task_failed_total))
sum by (name) (rate(celery_task_runtime_sum{job="neonet"}[5m]) / rate(celery_task_runtime_count{job="neonet"}[5m]))
histogram_quantile(0.95, sum by (le, name) (irate(celery_task_runtime_bucket{job="neonet"}[5m])))
sum by (job, queue_name, name) (increase(celery_task_failed_total{name!~"None", queue_name!~"None"}[10m]))
""".strip().splitlines()


@dataclass(frozen=True, slots=True)
class Watched:
    farm: Farm
    prometheus: Prometheus


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A farm of two hosts, with some failed calls and attempts, and a Prometheus beside it."""
    folder, port = tmp_path_factory.mktemp("watched"), str(free_port())
    settings = {"FLEET_WEB__METRICS_TOKEN": _TOKEN, "FLEET_WEB__METRICS_PORT": port}
    miners = [{"id": f"wallet-of-rig-{number}", "name": f"rig-{number}", "tags": ["garage"]} for number in range(3)]
    settings |= {"FLEET_MINER": json.dumps(miners), "FLEET_MINERS": ""}
    with (
        Farm(folder / "farm", Setup(hosts=2, settings=settings)) as farm,
        prometheus(folder / "prometheus", target=f"127.0.0.1:{port}", token=_TOKEN) as one,
    ):
        farm.faults("error_before,probability=0.05", "poison,probability=0.1", "unknown_type,probability=0.1")
        farm.born()
        eventually("a scrape", lambda: [row["value"][1] for row in one.values("up")] == ["1"])
        farm.accepts(20)
        yield Watched(farm, one)


def rules(one: Prometheus) -> list[dict[str, Any]]:
    return [rule for group in one.asked("rules")["groups"] for rule in group["rules"]]


def firing(one: Prometheus) -> set[str]:
    return {
        f"{found['labels']['alertname']} {found['labels'].get('hostname', '')}".strip()
        for found in one.asked("alerts")["alerts"]
        if found["state"] == "firing"
    }


def test_alerts_of_workers_are_raised_and_end(watched: Watched) -> None:
    farm, one = watched.farm, watched.prometheus
    eventually("rules that were evaluated without an error", lambda: {rule["health"] for rule in rules(one)} == {"ok"})
    hosts, all_of_them = {"NeonetHostDown host-0", "NeonetHostDown host-1"}, "NeonetNoWorker"
    eventually("nothing that fires", lambda: firing(one) == set())
    farm.hosts[0].kill()
    eventually("the host's alert", lambda: firing(one) & hosts == {"NeonetHostDown host-0"})
    assert all_of_them not in firing(one)
    farm.hosts[1].kill()
    eventually("the farm's alert", lambda: all_of_them in firing(one))
    for host in farm.hosts:
        host.start()
    eventually("the end of all", lambda: not firing(one) & {*hosts, all_of_them})


@pytest.mark.parametrize("query", [*dict.fromkeys(board_queries()), *_CELERY_EXPORTERS])
def test_a_query_finds_data(watched: Watched, query: str) -> None:
    found = watched.prometheus.values(query)
    if not any(quiet in query for quiet in _QUIET):
        eventually(f"data for {query}", lambda: watched.prometheus.values(query))
    assert not [row for row in found if "wallet" in str(row["metric"])], "a miner is shown by its name"


def test_each_metric_that_a_rule_or_the_board_names_is_served(watched: Watched) -> None:
    asked = (*board_queries(), *(rule["query"] for rule in rules(watched.prometheus)))
    named = {name for query in asked for name in re.findall(r"(?:neonet|celery)_\w+", query)} - set(_QUIET)
    assert len(named) > 25
    eventually("all of them", lambda: named <= set(watched.prometheus.asked("label/__name__/values")))


def test_a_coordinator_that_is_gone_raises_an_alert(watched: Watched) -> None:
    watched.farm.life.kill()
    eventually("the alert", lambda: "NeonetCoordinatorGone" in firing(watched.prometheus))
