"""OpenTelemetry's own SDK with our spans: what it exports, and that a collector that hangs holds nobody up."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from fleet.tracing.job_spans import JobSpan
from fleet.tracing.otlp import OtlpSpans, Reported
from tests.support.processes import PATIENCE_S

SPAN = JobSpan(
    started_ns=1_800_000_000_000_000_000,
    ended_ns=1_800_000_000_250_000_000,
    job_type="inference",
    miner="garage-1",
    host="shed",
    outcome="accepted",
    amount=Decimal("0.75"),
    paid=True,
)


def test_a_span_states_the_job_and_its_times() -> None:
    exporter = InMemorySpanExporter()
    sink = OtlpSpans(exporter, release="0.1.0")
    sink.put(SPAN)
    sink.close()
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.parent) == ("neonet job", None)
    assert (span.start_time, span.end_time) == (SPAN.started_ns, SPAN.ended_ns)
    assert dict(span.attributes or {}) == SPAN.attributes
    assert span.status.status_code is StatusCode.OK
    assert dict(span.resource.attributes) == {"service.name": "neonet-fleet", "service.version": "0.1.0"}


class _Hanging(SpanExporter):
    """A collector that does not answer before it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002 - the SDK's signature
        assert self.released.wait(PATIENCE_S)
        return SpanExportResult.SUCCESS


@pytest.mark.filterwarnings("ignore")
def test_a_collector_that_hangs_holds_up_neither_the_farm_nor_its_end() -> None:
    exporter = _Hanging()
    sink = OtlpSpans(exporter, release="0.1.0", last_s=0.01)
    for _ in range(10_000):
        sink.put(SPAN)
    sink.close()
    assert not exporter.released.is_set(), "it still hangs"
    exporter.released.set()


class _Answering(SpanExporter):
    """A collector that answers as it is told to."""

    def __init__(self, *results: SpanExportResult) -> None:
        self._results = iter(results)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002
        return next(self._results)


def test_a_collector_that_fails_is_reported_once_and_once_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    good, bad = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
    exporter = Reported(_Answering(good, bad, bad, bad, good, good), "http://127.0.0.1:4318/v1/traces")
    for _ in range(6):
        exporter.export(())
    assert [record.message for record in caplog.records] == [
        "http://127.0.0.1:4318/v1/traces takes no spans: those of now are lost, and mining goes on",
        "http://127.0.0.1:4318/v1/traces takes spans again",
    ]
