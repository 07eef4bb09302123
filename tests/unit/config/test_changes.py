"""What differs between two readings, and what of it a running farm takes over."""

from __future__ import annotations

from typing import Any

import pytest

from config.changes import changes, same_servers, taken_over
from config.reloading import TAKES, Takes
from config.settings import Settings

TWO = [{"name": "main", "url": "https://a.example.com"}, {"name": "side", "url": "https://b.example.com"}]


def read(**values: Any) -> Settings:
    return Settings.model_validate(values)


def test_each_setting_that_differs_is_named_with_what_it_takes() -> None:
    before = read(server="https://a.example.com", drain_s=20)
    after = read(server="https://a.example.com", drain_s=30, http={"connections": 8}, earning={"nnet_price": 2})
    found = {one.name: (one.takes, one.before, one.after) for one in changes(before, after)}
    assert found == {
        "drain_s": (Takes.RELOAD, 20, 30),
        "http.connections": (Takes.COORDINATOR, 64, 8),
        "earning.nnet_price": (Takes.COMMANDS, None, 2),
    }


def test_what_needs_a_restart_stays_as_it_was_and_is_named_again_by_the_next_reading() -> None:
    before = read(server="https://a.example.com")
    after = read(server="https://b.example.com", drain_s=30, http={"connections": 8}, log={"level": "DEBUG"})
    taken = taken_over(before, after)
    assert (taken.server, taken.http.connections) == ("https://a.example.com", 64)
    assert (taken.drain_s, taken.log.level) == (30, "DEBUG")
    assert [one.name for one in changes(taken, after)] == ["server", "http.connections"]


def test_of_a_servers_table_only_the_weight_is_taken_over() -> None:
    before = read(server=TWO, miners=4)
    after = read(server=[{**TWO[0], "weight": 3, "priority": 2}, TWO[1]], miners=4)
    assert [(one.name, one.takes) for one in changes(before, after)] == [
        ("server.main.priority", Takes.COORDINATOR),
        ("server.main.weight", Takes.RELOAD),
    ]
    main = taken_over(before, after).servers[0]
    assert (main.weight, main.priority) == (3, 1)


@pytest.mark.parametrize(
    ("other", "same"), [(TWO, True), (TWO[:1], False), (TWO[::-1], False), ("https://a.example.com", False)]
)
def test_servers_are_the_same_if_the_same_names_come_in_the_same_order(other: object, same: bool) -> None:
    assert same_servers(read(server=TWO), read(server=other)) is same


def test_a_change_between_auto_and_a_number_needs_a_restart() -> None:
    before, after = read(server="https://a.example.com"), read(server="https://a.example.com", miners=4)
    assert [(one.name, one.takes) for one in changes(before, after)] == [("miners", Takes.COORDINATOR)]
    more = read(server="https://a.example.com", miners=5)
    assert [(one.name, one.takes) for one in changes(after, more)] == [("miners", Takes.RELOAD)]


def test_a_secret_is_marked_as_one() -> None:
    after = read(redis_url="redis://:hunter2@localhost/0")
    assert [one.secret for one in changes(read(), after)] == [True]


def test_every_change_of_a_setting_outside_the_tables_is_taken_or_kept_as_it_says() -> None:
    """Of each section, one setting of each kind that the section has is changed."""
    given: dict[str, Any] = {"drain_s": 1, "output": {"job_lines_per_s": 1, "color": "never"}, "cpu": 2}
    taken = taken_over(read(), read(**given))
    assert (taken.drain_s, taken.cpu, taken.output.job_lines_per_s, taken.output.color) == (1, 2, 1, "auto")
    assert TAKES["output.color"] is Takes.COORDINATOR
