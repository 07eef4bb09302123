"""The metrics of a farm's snapshot: money, sessions, requests, queue, hosts, and what is wrong.

One reader of the same snapshot as the terminal's, made into gauges when Prometheus asks. One file: a list of gauges.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from fleet.status.snapshot import FarmSnapshot, WorkRow
from fleet.status.tallies import Names
from fleet.web.control_metrics import control_metrics
from fleet.web.gauges import gauge, gauges
from tasks.job_queues import QUEUES

#: a farm with more miners than this has no metrics by miner
MOST_MINERS = 200
#: seconds after its last job for which a host counts as up while no worker states its slots
_UP_S = 120.0
#: most tags that are told apart
_MOST_TAGS = 64
#: most servers that are told apart
_MOST_SERVERS = 64
#: states of a server that takes no calls
_NO_CALLS = frozenset({"away", "banned"})
_NO_WORKER = "no_worker"


class SnapshotMetrics(Collector):
    """Gauges of the newest snapshot; none before the first."""

    def __init__(
        self,
        latest: Callable[[], FarmSnapshot | None],
        tags: Mapping[str, tuple[str, ...]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`tags` are those of each miner by its name; `clock` gives Unix seconds."""
        self._latest = latest
        self._tags = tags
        self._clock = clock

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: the names are known to be distinct."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """All metrics of the newest snapshot."""
        made = self._latest()
        if made is None:
            return
        now = self._clock()
        yield gauge("neonet_snapshot_age_seconds", "Age of the figures.", max(now - made.at_ms / 1000, 0.0))
        yield from _money(made, now)
        yield from _by_tag(made, self._tags)
        yield from _farm(made)
        yield from _by_server(made)
        yield from _workers(made)
        yield from control_metrics(made)
        yield from _checks(made)
        yield _signatures(made)


def _money(made: FarmSnapshot, now: float) -> Iterator[GaugeMetricFamily]:
    earnings = made.earnings
    yield gauge("neonet_ledger_nnet", "NNET that the ledger holds of this server.", float(earnings.ledger))
    yield gauge("neonet_nnet_per_minute", "NNET a minute over the last five minutes.", earnings.per_minute)
    yield gauge("neonet_today_nnet", "NNET booked today, a day of the farm's time zone.", _known(earnings.today))
    yield gauge("neonet_yesterday_nnet", "NNET booked the day before today.", _known(earnings.yesterday))
    if (day := earnings.projected) is not None:
        text = "NNET expected for today, and the range."
        rows = [(("expected",), day.nnet), (("low",), day.low), (("high",), day.high)]
        yield gauges("neonet_projected_day_nnet", text, ("bound",), rows)
    if earnings.last_paid_ms is not None:
        age_s = max(now - earnings.last_paid_ms / 1000, 0.0)
        yield gauge("neonet_last_paid_age_seconds", "Seconds since the last payment.", age_s)
    unexplained = float(made.ledger.unexplained)
    yield gauge("neonet_unexplained_nnet", "NNET between server and ledger that nothing explains.", unexplained)
    losses = made.losses or ()
    jobs = [((row.cause,), float(row.jobs)) for row in losses]
    yield gauges("neonet_lost_jobs", "Jobs that were not paid, by cause, in the whole ledger.", ("cause",), jobs)
    amounts = [((row.cause,), float(row.amount)) for row in losses]
    yield gauges("neonet_lost_nnet", "NNET offered for jobs that were not paid, by cause.", ("cause",), amounts)
    if len(made.miners) <= MOST_MINERS:
        booked = [((row.name,), float(row.ledger)) for row in made.miners]
        yield gauges("neonet_miner_ledger_nnet", "NNET that the ledger holds of a miner.", ("miner",), booked)


def _by_tag(made: FarmSnapshot, tags: Mapping[str, tuple[str, ...]]) -> Iterator[GaugeMetricFamily]:
    """Sums over the miners of each tag; a miner of several tags counts in each."""
    names, ledger, recent = Names(_MOST_TAGS), defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for row in made.miners:
        for tag in sorted({names.of(tag) for tag in tags.get(row.name, ())}):
            ledger[tag] += row.ledger
            recent[tag] += row.recent
    booked = [((tag,), float(amount)) for tag, amount in ledger.items()]
    yield gauges("neonet_tag_ledger_nnet", "NNET that the ledger holds of a tag's miners.", ("tag",), booked)
    rates = [((tag,), float(amount) / made.earnings.recent_s * 60) for tag, amount in recent.items()]
    yield gauges("neonet_tag_nnet_per_minute", "NNET a minute of a tag's miners, of late.", ("tag",), rates)


def _farm(made: FarmSnapshot) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    requests, queue, books = made.requests, made.queue, made.ledger
    states = [((state,), float(count)) for state, count in made.sessions.items()]
    yield gauges("neonet_sessions", "Miners by where they are at the server.", ("state",), states)
    yield gauge("neonet_requests_limit", "Requests that one window of the server's limit takes.", requests.limit)
    yield gauge("neonet_requests_window_seconds", "Length of the window of the server's limit.", requests.window_s)
    yield gauge("neonet_requests_used", "Requests sent within the window that ends now.", requests.used)
    refused = CounterMetricFamily("neonet_requests_refused", "Requests that the limit refused.")
    refused.add_metric((), requests.refused)
    yield refused
    yield gauge("neonet_open_jobs", "Jobs that are not ended.", queue.open_jobs)
    yield gauge("neonet_jobs_at_workers", "Jobs whose result is awaited.", queue.at_workers)
    yield gauge("neonet_oldest_job_age_seconds", "Since the oldest open job was sent to a worker.", queue.oldest_s or 0)
    yield gauge("neonet_ledger_commit_median_seconds", "Median time of recent commits.", books.commit_median_ms / 1000)
    yield gauge("neonet_ledger_commit_worst_seconds", "Longest commit since the start.", books.commit_worst_ms / 1000)
    fees = {kind: (made.gas or {}).get(f"{kind}_transfer_fee") for kind in ("neo", "token")}
    yield gauges("neonet_gas_fee_neo", "Fee of a transfer.", ("kind",), [((kind,), fee) for kind, fee in fees.items()])
    active = None if made.phase is None else made.phase.get("active_miners")
    yield gauge("neonet_network_active_miners", "Active miners of the network, as the server states.", active)
    wrong = Counter((one.kind, one.severity.value) for one in made.wrong)
    text = "What keeps the farm from earning now: subjects by kind and severity."
    yield gauges(
        "neonet_wrong", text, ("kind", "severity"), [(labels, float(count)) for labels, count in wrong.items()]
    )


def _by_server(made: FarmSnapshot) -> Iterator[GaugeMetricFamily]:
    """The figures of each server, where there are several."""
    rows = made.servers[:_MOST_SERVERS] if len(made.servers) > 1 else ()
    if not rows:
        return
    label = ("server",)
    up = [((row.name,), float(row.state not in _NO_CALLS)) for row in rows]
    yield gauges("neonet_server_up", "Whether the server takes calls, as far as is known.", label, up)
    rates = [((row.name,), float(row.recent) / made.earnings.recent_s * 60) for row in rows]
    yield gauges("neonet_server_nnet_per_minute", "NNET a minute at the server, of late.", label, rates)
    booked = [((row.name,), float(row.ledger)) for row in rows]
    yield gauges("neonet_server_ledger_nnet", "NNET that the ledger holds of the server.", label, booked)
    used = [((row.name,), float(row.requests.used)) for row in rows]
    yield gauges("neonet_server_requests_used", "Requests in the server's present window.", label, used)
    limits = [((row.name,), float(row.requests.limit)) for row in rows]
    yield gauges("neonet_server_requests_limit", "Requests that one window of the server takes.", label, limits)


def _workers(made: FarmSnapshot) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    present = made.state != "ended" and not any(one.kind == _NO_WORKER for one in made.wrong)
    up = [((row.name,), float(present and _is_up(row, made))) for row in made.hosts]
    yield gauges("celery_worker_up", "Whether a worker of the host says that it takes jobs.", ("hostname",), up)
    free = [((row.name,), row.free_slots) for row in made.hosts]
    yield gauges("neonet_host_free_slots", "Processes of the host that hold no job.", ("hostname",), free)
    busy = [((row.name,), row.busy_slots) for row in made.hosts]
    yield gauges("celery_worker_tasks_active", "Processes of the host that hold a message.", ("hostname",), busy)
    held = [((queue,), made.queue.by_queue.get(queue)) for queue in QUEUES.values()]
    yield gauges("celery_queue_length", "Messages in the queue of a hardware class.", ("queue_name",), held)
    idle = CounterMetricFamily(
        "neonet_host_idle_seconds",
        "Seconds for which the host's processes were idle while jobs waited in a queue, summed over the processes.",
        labels=("hostname",),
    )
    for row in made.hosts:
        if row.idle_s is not None:
            idle.add_metric((row.name,), row.idle_s)
    yield idle


def _checks(made: FarmSnapshot) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    """What checks found of each host."""
    found = [(row.name, row.checks) for row in made.hosts if row.checks is not None]
    family = CounterMetricFamily(
        "neonet_checked_results", "Results that were to be checked, by what came of it.", labels=("hostname", "outcome")
    )
    for name, checks in found:
        for outcome in ("agreed", "wrong", "unchecked"):
            family.add_metric((name, outcome), getattr(checks, outcome))
    yield family
    held = [((name,), float(bool(checks.quarantined))) for name, checks in found]
    yield gauges("neonet_host_quarantined", "Whether the host's results are refused.", ("hostname",), held)


def _signatures(made: FarmSnapshot) -> CounterMetricFamily:
    text = "Results that no host signed for a job that was sent; all but the accepted ones were dropped."
    family = CounterMetricFamily("neonet_unproven_results", text, labels=("hostname", "verdict"))
    for row in made.signatures:
        dropped = (("wrong", row.wrong), ("foreign", row.foreign), ("unsigned", row.unsigned))
        for verdict, count in (*dropped, ("accepted_unsigned", row.accepted)):
            family.add_metric((row.host, verdict), count)
    return family


def _is_up(row: WorkRow, made: FarmSnapshot) -> bool:
    """Whether the host's workers state their slots; while none of any host does, whether it ended a job lately."""
    if any(host.free_slots is not None for host in made.hosts):
        return row.free_slots is not None
    return row.last_ms is not None and made.at_ms - row.last_ms <= _UP_S * 1000


def _known(value: object) -> float | None:
    return None if value is None else float(str(value))
