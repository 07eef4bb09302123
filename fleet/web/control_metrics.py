"""The metrics of what is paused, so that no alert is raised for what somebody ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily

from fleet.control.control import STEERED, TargetKind
from fleet.status.snapshot import FarmSnapshot
from fleet.web.gauges import gauge, gauges

#: states of a miner that does not mine and is not meant to
_AT_REST = frozenset({"paused", "closed"})


def control_metrics(made: FarmSnapshot) -> Iterator[GaugeMetricFamily]:
    """How much is paused, whether that explains a farm without payments, and which hosts are."""
    by_kind = Counter(one.target.kind for one in made.controls)
    counts = [((kind.value,), float(by_kind[kind])) for kind in STEERED]
    yield gauges("neonet_controls", "Pauses and drains in force, by what they are on.", ("kind",), counts)
    text = "Whether a pause explains that nothing is paid: of all miners, of all hosts, or of a job type."
    yield gauge("neonet_farm_paused", text, float(_explains_no_payment(made)))
    paused = _paused_hosts(made)
    hosts = [((row.name,), float(row.name in paused)) for row in made.hosts]
    yield gauges("neonet_host_paused", "Whether the host is paused or drained.", ("hostname",), hosts)


def _explains_no_payment(made: FarmSnapshot) -> bool:
    if not made.controls:
        return False
    of_a_type = any(one.target.kind is TargetKind.JOB_TYPE for one in made.controls)
    hosts = {row.name for row in made.hosts}
    no_host = bool(hosts) and hosts <= _paused_hosts(made)
    return of_a_type or no_host or all(row.state in _AT_REST for row in made.miners)


def _paused_hosts(made: FarmSnapshot) -> set[str]:
    return {one.target.name for one in made.controls if one.target.kind is TargetKind.HOST}
