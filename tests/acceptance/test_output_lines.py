"""The running output of `fleet up` in a file: each line with its time, or as JSON where the log is."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tests.support.farms import book, farm, simulator

STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ")


def test_each_line_of_the_running_output_in_a_file_has_its_time(tmp_path: Path) -> None:
    with farm(tmp_path, "--miners", "1", "--for", "2s", "--json") as process:
        assert process.wait() == 0, process.words()
    running, _, closing = process.err.partition("\nNNET since ")
    assert running.count("\n") > 10
    assert all(STAMPED.match(line) for line in running.splitlines() if line), running
    assert not any(STAMPED.match(line) for line in closing.splitlines())
    assert json.loads(process.out)["jobs"]["assigned"] > 0, "and stdout holds the figures alone"


def test_the_whole_output_is_json_where_the_log_is(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        settings = {"FLEET_LOG__FORMAT": "json", "FLEET_FLOWER__ENABLED": "true"}
        options = ("--server", url, "--miners", "1", "--for", "2s")
        with farm(tmp_path / "farm", *options, settings=settings) as process:
            assert process.wait() == 0, process.words()
        paid = sum(book(url).values())
    stated = [json.loads(line, parse_float=Decimal) for line in process.out.splitlines()]
    assert process.err == ""
    assert all({"time", "level", "message"} <= line.keys() for line in stated)
    assert {"reward", "job", "ok", "gas", "net", "stop", "closing"} <= {line.get("kind") for line in stated}
    times = [datetime.fromisoformat(line["time"]) for line in stated]
    assert times == sorted(times)
    assert stated[-1]["kind"] == "closing"
    assert stated[-1]["figures"]["scopes"]["run"]["booked_nnet"] == paid
