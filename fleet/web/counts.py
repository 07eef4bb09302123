"""Counters and histograms that are cheap to add to, and become Prometheus' families when it asks.

prometheus_client's own take a lock and look their labels up at each event: of a job's events that was a tenth of the
coordinator's time. Each of these is added to by one thread only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.utils import floatToGoString

_Labels = tuple[str, ...]


class LabelledCounter:
    """A counter of events by labels."""

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._counts: defaultdict[_Labels, int] = defaultdict(int)

    def add(self, labels: _Labels) -> None:
        """Count an event."""
        self._counts[labels] += 1

    def counts(self) -> dict[_Labels, int]:
        """What was counted so far, by labels."""
        return dict(self._counts)

    def family(self) -> CounterMetricFamily:
        """What was counted so far."""
        made = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for labels, count in self.counts().items():
            made.add_metric(labels, count)
        return made


class LabelledHistogram:
    """A histogram of seconds by labels, with the upper `bounds` of its buckets. Without labels, it starts at zero."""

    def __init__(self, name: str, text: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._name, self._text, self._labels, self._bounds = name, text, labels, bounds
        self._rows: defaultdict[_Labels, _Row] = defaultdict(lambda: _Row(len(bounds) + 1))
        if not labels:
            self._rows[()] = _Row(len(bounds) + 1)

    def add(self, labels: _Labels, seconds: float) -> None:
        """Count an event that took `seconds`; a clock that went back shows as 0."""
        row, seconds = self._rows[labels], max(seconds, 0.0)
        row.counts[bisect_left(self._bounds, seconds)] += 1
        row.sum_s += seconds

    def family(self) -> HistogramMetricFamily:
        """What was counted so far."""
        made = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for labels, row in list(self._rows.items()):
            buckets = list(zip(names, accumulate(row.counts), strict=True))
            made.add_metric(labels, buckets, row.sum_s)
        return made


class _Row:
    __slots__ = ("counts", "sum_s")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.sum_s = 0.0
