"""Sends spans to an OpenTelemetry collector, by OTLP over HTTP, in batches and on threads of the SDK's own.

A collector that is down or slow costs spans, which are dropped once 2,048 wait, and no mining.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode

from fleet.tracing.job_spans import JobSpan

_NAME = "neonet job"
#: seconds that a batch may take, and the last one at the end of a run
_TIMEOUT_S, _LAST_S = 5.0, 3.0
_log = logging.getLogger(__name__)


class Reported(SpanExporter):
    """An exporter that says once that the collector takes no spans, and once that it takes them again."""

    def __init__(self, exporter: SpanExporter, collector: str) -> None:
        self._exporter = exporter
        self._collector = collector
        self._fails = False
        # the SDK logs each failed attempt, which is several lines a batch
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch."""
        result = self._exporter.export(spans)
        fails = result is not SpanExportResult.SUCCESS
        if fails and not self._fails:
            _log.warning("%s takes no spans: those of now are lost, and mining goes on", self._collector)
        elif self._fails and not fails:
            _log.warning("%s takes spans again", self._collector)
        self._fails = fails
        return result

    def shutdown(self) -> None:
        """End a retry that waits."""
        self._exporter.shutdown()


class OtlpSpans:
    """Sends spans to a collector."""

    def __init__(self, exporter: SpanExporter, *, release: str, last_s: float = _LAST_S) -> None:
        """`last_s` bounds the time that the last batch may take at the end."""
        self._last_s = last_s
        resource = Resource({"service.name": "neonet-fleet", "service.version": release})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("neonet-fleet", release)

    def put(self, span: JobSpan) -> None:
        """Queue a span; none waits for the collector."""
        made = self._tracer.start_span(
            _NAME, kind=SpanKind.CONSUMER, attributes=span.attributes, start_time=span.started_ns
        )
        made.set_status(Status(StatusCode.OK if span.paid else StatusCode.ERROR))
        made.end(span.ended_ns)

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        last = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(self._last_s)


def otlp_spans(endpoint: str, *, release: str) -> OtlpSpans:
    """Spans to `endpoint`, the whole URL of a collector's traces. Headers come from OTEL_EXPORTER_OTLP_HEADERS."""
    return OtlpSpans(Reported(OTLPSpanExporter(endpoint=endpoint, timeout=_TIMEOUT_S), endpoint), release=release)
