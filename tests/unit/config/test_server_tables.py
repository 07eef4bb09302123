"""Several servers in the settings: what is refused, in which words, and how miners are shared."""

from __future__ import annotations

import pytest

from config.errors import ConfigError
from config.load import load, read
from config.server_tables import ServerSettings, repeated, shares

A = {"name": "main", "url": "https://a.example.com"}
B = {"name": "backup", "url": "https://b.example.com"}
ID = "neo15f0c3b9a7e2d4816a0b1c2d3e4f5061728394a5b"


def words(**given: object) -> str:
    with pytest.raises(ConfigError) as raised:
        load(given, environ={})
    return str(raised.value)


def test_two_tables_are_two_servers_each_with_its_own_limit_and_account() -> None:
    settings = load({"server": [A | {"requests": 200}, B | {"account": "b", "window_s": 30.0}]}, environ={})
    first, second = settings.servers
    assert (first.ledger_name, second.ledger_name) == ("https://a.example.com", "b")
    assert (first.budget(settings.budget).requests, first.budget(settings.budget).window_s) == (200, 60.0)
    assert (second.budget(settings.budget).requests, second.budget(settings.budget).window_s) == (5000, 30.0)


def test_one_url_stays_one_server_with_its_name_in_the_ledger() -> None:
    (server,) = load({"server": "https://a.example.com", "server_name": "old"}, environ={}).servers
    assert (server.url, server.ledger_name) == ("https://a.example.com", "old")


def test_tables_can_be_given_as_json_in_a_variable_and_a_url_replaces_them() -> None:
    variable = '[{"name": "main", "url": "https://a.example.com"}, {"name": "backup", "url": "https://b.example.com"}]'
    assert [one.name for one in load(environ={"FLEET_SERVER": variable}).servers] == ["main", "backup"]
    (server,) = load({"server": "https://c.example.com"}, environ={"FLEET_SERVER": variable}).servers
    assert server.url == "https://c.example.com"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"server": []}, "names no server"),
        (
            {"server": [A, B | {"url": "https://A.example.com/"}]},
            "tables 1 and 2 have the same url, https://a.example.com",
        ),
        ({"server": [A, B | {"name": "MAIN"}]}, "tables 1 and 2 have the same name, main"),
        ({"server": [A | {"account": "x"}, B | {"account": "x"}]}, "tables 1 and 2 have the same account, x"),
        ({"server": [A, B | {"weight": 0}]}, "server.1.weight = 0 (command line): must be above 0"),
        ({"server": [A, B | {"weight": -2}]}, "server.1.weight = -2 (command line): must be above 0"),
        ({"server": [A, B | {"priority": 0}]}, "server.1.priority = 0"),
        (
            {"server": [A | {"name": "[red]main"}, B]},
            "server.0.name = '[red]main' (command line): must be",
        ),
        ({"server": [A, B | {"url": "http://b.lan"}]}, "plain http to b.lan"),
        ({"server": [A, B], "id": "rig"}, "can't be combined with several [[server]] tables"),
        ({"server": [A, B], "miner_prefix": "rig"}, "can't be combined with several [[server]] tables"),
        ({"server": [A, B], "server_name": "x"}, "write it as account"),
        ({"server": [A, B], "miners": 1}, "is too few for the 2 servers of priority 1"),
        ({"server": [A, B | {"interface": "eth 1"}]}, "server.1.interface"),
    ],
)
def test_what_is_wrong_is_named_with_its_bound(given: dict[str, object], expected: str) -> None:
    assert expected in words(**given)


@pytest.mark.parametrize(
    ("miners", "expected"),
    [
        (
            [{"id": ID, "server": "main"}, {"id": ID.upper(), "server": "backup"}],
            "each could spend",
        ),
        ([{"id": ID, "server": "main"}], "backup has no ids"),
        ([{"id": ID}, {"id": "b", "server": "backup"}], "[[miner]] table 1 names no server"),
        (
            [{"id": ID, "server": "mane"}],
            "[[miner]] table 1 names the server mane, and",
        ),
    ],
)
def test_each_server_needs_ids_of_its_own(miners: list[dict[str, str]], expected: str) -> None:
    found = words(server=[A, B], miner=miners)
    assert expected in found
    assert ID not in found.lower()


def test_equal_values_among_a_hundred_thousand_are_found_in_one_pass() -> None:
    values = [f"rig-{number}" for number in range(100_000)]
    assert not list(repeated(values, "miner"))
    assert list(repeated([*values, "", "rig-7", ""], "miner")) == [("rig-7", "[[miner]] tables 8 and 100002")]


def test_a_miner_of_a_farm_with_one_url_names_no_server() -> None:
    assert "there are no [[server]] tables" in words(
        server="https://a.example.com", miner=[{"id": ID, "server": "main"}]
    )


def test_the_password_of_a_servers_proxy_is_never_shown() -> None:
    proxy = {"proxy": "http://user:geheim@proxy.lan:3128"}
    origins = read({"server": [A | proxy, B]}, environ={}).origins
    assert "geheim" not in str([one.value for one in origins])
    assert "geheim" not in words(server=[A | {"proxy": "http://user:geheim"}, B])


@pytest.mark.parametrize(
    ("weights", "miners", "expected"),
    [
        ([1, 1], 8, [4, 4]),
        ([3, 1], 8, [6, 2]),
        ([1000, 1], 8, [7, 1]),
        ([2, 1, 1], 5, [3, 1, 1]),
        ([1, 1, 1], 4, [2, 1, 1]),
        ([0.5, 0.25], 3, [2, 1]),
    ],
)
def test_miners_are_shared_by_weight_and_each_server_gets_one(
    weights: list[float], miners: int, expected: list[int]
) -> None:
    servers = [
        ServerSettings(name=f"s{number}", url=f"https://s{number}.example.com", weight=weight)
        for number, weight in enumerate(weights)
    ]
    assert shares(servers, miners) == expected


def test_servers_of_another_priority_get_all_miners_again() -> None:
    first, second = ServerSettings.model_validate(A), ServerSettings.model_validate(B | {"priority": 2})
    assert shares([first, second], 8) == [8, 8]
    assert load({"server": [A, B | {"priority": 2}], "miners": 8}, environ={}).miner_count == 16
