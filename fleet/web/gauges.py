"""Gauges for Prometheus, made from known and unknown figures."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily

#: the values of the labels, and the figure; None where it is not known
Labelled = Iterable[tuple[tuple[str, ...], float | None]]


def gauge(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    """A gauge without labels, and without a sample where the value is not known."""
    return gauges(name, text, (), [((), value)])


def gauges(name: str, text: str, labels: tuple[str, ...], rows: Labelled) -> GaugeMetricFamily:
    """A gauge with a sample for each row whose figure is known."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in rows:
        if value is not None:
            family.add_metric(values, float(value))
    return family
