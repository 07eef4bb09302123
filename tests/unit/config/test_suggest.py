"""A name that nobody reads is found at any depth, and the right one is suggested."""

from __future__ import annotations

import pytest

from config.settings import Settings
from config.suggest import suggestion, unknown_names
from config.tree import leaves


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        ({}, []),
        ({"server": "x", "http": {"connections": 1}, "miner": [{"id": "a"}]}, []),
        ({"sever": "x"}, ["sever"]),
        ({"http": {"conections": 1, "ca_file": "x"}}, ["http.conections"]),
        ({"miner": [{"id": "a"}, {"id": "b", "cpu": 2, "gpu": 1}]}, ["miner.1.cpu", "miner.1.gpu"]),
        ({"htp": {"connections": 1}}, ["htp"]),
        ({"http": 5, "miner": "rig"}, []),
    ],
)
def test_unknown_names_are_found_at_any_depth(values: dict[str, object], unknown: list[str]) -> None:
    assert list(unknown_names(values, Settings)) == unknown


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sever", "server"),
        ("servers", "server"),
        ("minres", "miners"),
        ("http.conections", "http.connections"),
        ("http_connections", "http.connections"),
        ("htp.connections", "http.connections"),
        ("connections", "http.connections"),
        ("connect_timeout", "http.connect_timeout_s"),
        ("wroker", "worker"),
        ("worker.concurency", "worker.concurrency"),
        ("log.lvl", "log.level"),
        ("miner.0.cpu_core", "miner.0.cpu_cores"),
        ("miner.12.gpu_memory", "miner.12.gpu_memory_mb"),
        ("miner.3.tag", "miner.3.tags"),
    ],
)
def test_the_right_name_is_suggested(written: str, meant: str) -> None:
    assert suggestion(written, Settings) == meant


@pytest.mark.parametrize("name", [leaf.name for leaf in leaves(Settings)])
def test_a_known_name_suggests_itself(name: str) -> None:
    assert suggestion(name, Settings) == name


@pytest.mark.parametrize("written", ["xyzzy", "q", "miner.0.zzzz", ""])
def test_nothing_is_suggested_where_nothing_is_near(written: str) -> None:
    assert suggestion(written, Settings) is None
