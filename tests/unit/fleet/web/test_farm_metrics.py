"""Labels are bounded and hold no ids; an unknown figure has no sample instead of a wrong one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.exposition import generate_latest

from fleet.control.control import Action, Control, Target, TargetKind
from fleet.status.snapshot import FarmSnapshot, Severity, SignatureFigures
from fleet.status.tallies import OTHER
from fleet.web.farm_metrics import farm_metrics
from fleet.web.snapshot_metrics import MOST_MINERS
from tests.support.snapshots import MINER, SERVERS, SNAPSHOT, snapshot

_GRADES = {"ban": Severity.FAIL, "slower": Severity.WARN}


def text(made: FarmSnapshot | None = SNAPSHOT) -> str:
    _, registry = farm_metrics(lambda: made, release="0.1.0")
    return generate_latest(registry).decode()


def test_celery_exporters_names_and_labels_are_used_job_by_job() -> None:
    events, registry = farm_metrics(lambda: None, release="0.1.0")
    events.sent("inference", again=False)
    events.computed("inference", "shed", 0.01)
    events.failed("inference", "shed", "time_limit")
    lines = generate_latest(registry).decode().splitlines()
    task = 'name="neonet.inference",queue_name="neonet.jobs.2"'
    assert f'celery_task_sent_total{{hostname="coordinator",{task}}} 1.0' in lines
    assert f'celery_task_succeeded_total{{hostname="shed",{task}}} 1.0' in lines
    assert f'celery_task_runtime_count{{hostname="shed",{task}}} 1.0' in lines
    assert f'celery_task_failed_total{{exception="time_limit",hostname="shed",{task}}} 1.0' in lines


def test_invented_types_and_hosts_share_one_label() -> None:
    events, registry = farm_metrics(lambda: None, release="0.1.0")
    for number in range(5_000):
        events.computed(f"type-{number}", f"host-{number}", 0.01)
        events.ended(f"type-{number}", "accepted")
    shown = generate_latest(registry).decode()
    assert f'type="{OTHER}"' in shown
    assert f'hostname="{OTHER}"' in shown
    assert len(shown.splitlines()) < 10_000


def test_more_miners_than_a_board_can_hold_are_not_told_apart() -> None:
    miners = tuple(replace(MINER, name=f"rig-{number}") for number in range(MOST_MINERS + 1))
    assert text(snapshot(miners=miners[:-1])).count('miner="rig-') == MOST_MINERS
    assert 'miner="' not in text(snapshot(miners=miners))


def test_tags_sum_up_the_miners_however_many_there_are() -> None:
    miners = tuple(replace(MINER, name=f"rig-{number}") for number in range(MOST_MINERS + 1))
    tags = {miner.name: ("garage", "all") for miner in miners[:100]} | {miners[100].name: ("all",)}
    _, registry = farm_metrics(lambda: snapshot(miners=miners), release="0.1.0", tags=tags)
    lines = generate_latest(registry).decode().splitlines()
    assert f'neonet_tag_ledger_nnet{{tag="garage"}} {float(100 * MINER.ledger)}' in lines
    assert f'neonet_tag_ledger_nnet{{tag="all"}} {float(101 * MINER.ledger)}' in lines
    assert f'neonet_tag_nnet_per_minute{{tag="garage"}} {float(100 * MINER.recent) / 300 * 60}' in lines
    invented = {miner.name: tuple(f"tag-{number}-{one}" for one in range(9)) for number, miner in enumerate(miners)}
    _, registry = farm_metrics(lambda: snapshot(miners=miners), release="0.1.0", tags=invented)
    shown = generate_latest(registry).decode()
    assert shown.count("neonet_tag_ledger_nnet{") == 65
    assert f'tag="{OTHER}"' in shown


def test_what_is_not_known_has_no_sample() -> None:
    shown = text(
        snapshot(
            earnings=replace(SNAPSHOT.earnings, today=None, projected=None, last_paid_ms=None),
            queue=replace(SNAPSHOT.queue, messages=None, by_queue={}),
            gas=None,
            phase=None,
        )
    )
    for name in ("neonet_today_nnet", "neonet_projected_day_nnet", "celery_queue_length{", "neonet_gas_fee_neo{"):
        assert f"\n{name} " not in shown
        assert f"\n{name}{{" not in shown
    assert "neonet_ledger_nnet" not in text(None)


def test_a_host_is_up_while_a_worker_is_there_and_it_computes() -> None:
    assert 'celery_worker_up{hostname="shed"} 0.0' in text(), "no worker takes jobs"
    assert 'celery_worker_up{hostname="shed"} 1.0' in text(snapshot(wrong=()))
    stated = (replace(SNAPSHOT.hosts[0], free_slots=2, busy_slots=1), replace(SNAPSHOT.hosts[0], name="attic"))
    shown = text(snapshot(wrong=(), hosts=stated))
    assert 'celery_worker_up{hostname="shed"} 1.0' in shown
    assert 'celery_worker_up{hostname="attic"} 0.0' in shown, "it computed a job just now, and has gone since"
    assert 'neonet_host_free_slots{hostname="shed"} 2.0' in shown
    assert 'celery_worker_tasks_active{hostname="shed"} 1.0' in shown
    assert 'neonet_host_free_slots{hostname="attic"}' not in shown
    late = tuple(replace(row, last_ms=SNAPSHOT.at_ms - 121_000) for row in SNAPSHOT.hosts)
    assert 'celery_worker_up{hostname="shed"} 0.0' in text(snapshot(wrong=(), hosts=late))


def test_each_queue_has_its_length_and_each_host_the_time_that_it_was_idle_while_jobs_waited() -> None:
    hosts = (replace(SNAPSHOT.hosts[0], idle_s=12.5), replace(SNAPSHOT.hosts[0], name="attic"))
    shown = text(snapshot(hosts=hosts))
    assert 'celery_queue_length{queue_name="neonet.jobs.2"} 5.0' in shown
    assert 'celery_queue_length{queue_name="neonet.jobs.2.4-cores-gpu-2gb"} 0.0' in shown
    assert 'neonet_host_idle_seconds_total{hostname="shed"} 12.5' in shown
    assert 'neonet_host_idle_seconds_total{hostname="attic"}' not in shown


def test_results_that_nobody_signed_rightly_are_counted_by_host_and_verdict() -> None:
    row = SignatureFigures(host="shed", wrong=3, foreign=2, unsigned=1, accepted=0)
    shown = text(snapshot(signatures=(row,)))
    for verdict, count in (("wrong", 3), ("foreign", 2), ("unsigned", 1), ("accepted_unsigned", 0)):
        assert f'neonet_unproven_results_total{{hostname="shed",verdict="{verdict}"}} {count}.0' in shown
    assert "neonet_unproven_results_total{" not in text(snapshot())


def test_what_is_wrong_is_counted_by_kind_and_severity() -> None:
    ban, slow = (replace(SNAPSHOT.wrong[0], kind=kind, severity=grade) for kind, grade in _GRADES.items())
    lines = text(snapshot(wrong=(ban, slow, replace(slow, subject="miner rig-1")))).splitlines()
    assert 'neonet_wrong{kind="ban",severity="fail"} 1.0' in lines
    assert 'neonet_wrong{kind="slower",severity="warn"} 2.0' in lines


def paused(kind: TargetKind, name: str = "") -> Control:
    return Control(target=Target(kind=kind, name=name), action=Action.PAUSE, since_ms=0, who="alex")


@pytest.mark.parametrize(
    ("controls", "state", "explains"),
    [
        ((), "paused", 0.0),
        ((paused(TargetKind.MINER, "garage-1"),), "paused", 1.0),
        ((paused(TargetKind.MINER, "garage-2"),), "mining", 0.0),
        ((paused(TargetKind.HOST, "shed"),), "mining", 1.0),
        ((paused(TargetKind.HOST, "attic"),), "mining", 0.0),
        ((paused(TargetKind.JOB_TYPE, "inference"),), "mining", 1.0),
    ],
    ids=str,
)
def test_a_pause_that_explains_that_nothing_is_paid_is_known(
    controls: tuple[Control, ...], state: str, explains: float
) -> None:
    lines = text(snapshot(controls=controls, miners=(replace(MINER, state=state),))).splitlines()
    assert f"neonet_farm_paused {explains}" in lines


def test_controls_are_counted_by_what_they_are_on_and_hosts_say_whether_they_are_paused() -> None:
    controls = tuple(paused(kind, "shed") for kind in (TargetKind.HOST, TargetKind.MINER, TargetKind.MINER))
    hosts = (SNAPSHOT.hosts[0], replace(SNAPSHOT.hosts[0], name="attic"))
    lines = text(snapshot(controls=controls, hosts=hosts)).splitlines()
    for kind, number in (("host", 1.0), ("miner", 2.0), ("farm", 0.0)):
        assert f'neonet_controls{{kind="{kind}"}} {number}' in lines
    assert 'neonet_host_paused{hostname="shed"} 1.0' in lines
    assert 'neonet_host_paused{hostname="attic"} 0.0' in lines


def test_each_of_several_servers_has_its_own_figures() -> None:
    lines = text(snapshot(servers=SERVERS)).splitlines()
    for name, up, ledger, used in (("main", 1.0, 70.0, 321.0), ("side", 0.0, 42.0, 123.0)):
        assert f'neonet_server_up{{server="{name}"}} {up}' in lines
        assert f'neonet_server_ledger_nnet{{server="{name}"}} {ledger}' in lines
        assert f'neonet_server_nnet_per_minute{{server="{name}"}} 0.1' in lines
        assert f'neonet_server_requests_used{{server="{name}"}} {used}' in lines
        assert f'neonet_server_requests_limit{{server="{name}"}} 5000.0' in lines
    assert "neonet_server_" not in text(snapshot(servers=SERVERS[:1]))
    many = tuple(replace(SERVERS[0], name=f"server-{number}") for number in range(99))
    assert text(snapshot(servers=many)).count("neonet_server_up{") == 64
