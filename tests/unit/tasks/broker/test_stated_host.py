"""A host's statement survives its JSON; whatever a worker writes in its place is cut to what can be believed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tasks.broker.stated_host import StatedHost, parse_host

HOST = StatedHost(
    cores=2, memory_mb=24_105, gpus=(("NVIDIA T4", 15_360),), processor="Xeon", kind=("x86_64", "2.4", "openblas")
)


def read(fields: object) -> StatedHost | None:
    return parse_host(json.loads(json.dumps(fields)))


@pytest.mark.parametrize("percent", [None, 50, 12.5])
def test_it_survives_its_json(percent: float | None) -> None:
    host = replace(HOST, cpu_percent=percent)
    assert read(host.fields()) == host


def test_what_people_read_of_it_holds_no_signature() -> None:
    shown = replace(HOST, level=4, signer="attic", kind_sig="ab" * 16).shown()
    assert shown["cores"] == 2
    assert shown["gpus"] == ["NVIDIA T4 15360 MB"]
    assert shown["class"] == "4-cores-gpu-2gb"
    assert "ab" * 16 not in str(shown)


@pytest.mark.parametrize("percent", ["50", True, 0, -1, 101, [50]])
def test_a_share_of_the_cpu_that_can_not_be_is_none(percent: object) -> None:
    assert read(HOST.fields() | {"cpu_percent": percent}) == HOST


def test_the_statement_of_an_earlier_release_has_no_share_of_the_cpu() -> None:
    fields = HOST.fields()
    del fields["cpu_percent"]
    assert read(fields) == HOST


@pytest.mark.parametrize(
    "change",
    [
        {"cores": 0},
        {"cores": True},
        {"cores": "2"},
        {"cores": 10**9},
        {"memory_mb": -1},
        {"memory_mb": 1.5},
        {"gpus": "T4"},
        {"gpus": [["T4"]]},
        {"gpus": [[1, 1]]},
        {"gpus": [["T4", -1]]},
        {"gpus": [["T4", 1]] * 17},
        {"kind": "x86_64"},
        {"kind": [1]},
        {"kind": ["x"] * 17},
        {"processor": None},
    ],
)
def test_a_host_that_can_not_be_is_not_believed(change: dict[str, object]) -> None:
    assert read(HOST.fields() | change) is None


@pytest.mark.parametrize("fields", [None, [], "host", 3, {}])
def test_anything_else_is_none(fields: object) -> None:
    assert read(fields) is None


def test_long_names_are_cut() -> None:
    found = read(HOST.fields() | {"processor": "x" * 500, "gpus": [["y" * 500, 1]], "kind": ["z" * 500]})
    assert found is not None
    assert {len(found.processor), len(found.gpus[0][0]), len(found.kind[0])} == {80}


@pytest.mark.parametrize(
    ("stated", "level"), [(1, 1), (4, 4), (6, 6), (7, 6), (10**30, 6), (0, 1), (-3, 1), (True, 1), ("4", 1), (None, 1)]
)
def test_the_level_is_one_that_this_release_knows(stated: object, level: int) -> None:
    found = read(HOST.fields() | {"level": stated})
    assert found is not None
    assert found.level == level


def test_the_statement_of_an_earlier_release_is_of_the_first_level() -> None:
    fields = replace(HOST, level=5).fields()
    del fields["level"]
    assert read(fields) == HOST
