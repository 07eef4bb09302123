"""A farm that sends a span of each job to a collector, and mines on when the collector is gone."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.farms import book, farm, farm_settings, simulator
from tests.support.processes import run_fleet, stop

pytestmark = pytest.mark.timeout(180)


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """The URL of an HTTP server that takes traces, and the bodies that it took."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", bodies
        server.shutdown()


def spans(bodies: list[bytes]) -> list[dict[str, str]]:
    """The attributes of all spans."""
    return [
        {one.key: one.value.string_value for one in span.attributes}
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_each_job_is_one_span_and_a_collector_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator") as (_, url):
        with collector() as (traces, bodies):
            told = {"FLEET_OUTPUT__TRACES_URL": traces}
            with farm(folder, "--server", url, "--miners", "3", settings=told) as process:
                process.says("[REWARD]", times=40)
                assert stop(process) == 0, process.words()
        seen = spans(bodies)
        settings = farm_settings(folder, {"FLEET_SERVER": url})
        exported = run_fleet("ledger", "export", "--json", "-", folder=folder, settings=settings)
        entries: list[dict[str, Any]] = [one for one in json.loads(exported.stdout) if one["kind"] == "job"]
        paid = [one for one in seen if one["neonet.outcome"] == "accepted"]
        assert len(paid) == len(entries) >= 40
        assert sum(Decimal(one["neonet.amount_nnet"]) for one in paid) == sum(
            Decimal(one["amount_nnet"]) for one in entries
        )
        assert {one["neonet.miner"] for one in seen} == {"miner-01", "miner-02", "miner-03"}
        assert all(one["neonet.host"] and one["neonet.job_type"] for one in paid)
        for secret in (*book(url), *(one["job_id"] for one in entries)):
            assert not any(secret.encode() in body for body in bodies), "no id is sent"
        with farm(folder, "--server", url, "--miners", "3", settings=told) as process:
            process.says("takes no spans")
            process.says("[REWARD]", times=20)
            assert stop(process) == 0, process.words()
