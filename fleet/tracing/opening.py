"""Opens the way to a collector of traces, where OpenTelemetry's SDK is installed."""

from __future__ import annotations

import importlib
from typing import Protocol

from fleet.errors import WrongSetting
from fleet.tracing.job_spans import JobSpan


class SpanSink(Protocol):
    """Takes spans."""

    def put(self, span: JobSpan) -> None:
        """Take over a span without waiting."""

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""


def open_traces(url: str, *, release: str) -> SpanSink:
    """A way to the collector at `url`. Raises WrongSetting without the SDK."""
    try:
        otlp = importlib.import_module("fleet.tracing.otlp")
    except ImportError as exc:
        raise WrongSetting(
            f"FLEET_OUTPUT__TRACES_URL needs OpenTelemetry ({exc}): pip install 'neonet-fleet[otel]'"
        ) from exc
    sink: SpanSink = otlp.otlp_spans(url, release=release)
    return sink
