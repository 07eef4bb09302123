"""What counts as broken in Redis, and who is suspected: decided from what Redis says."""

from __future__ import annotations

import pytest

from fleet.broker.tampering import KINDS, Counts, has_ended, overflows, suspects, without_expiry, wrong_kinds
from tasks.messages import JOBS_QUEUE, RESULTS_STREAM, WORKERS_KEY, WORKERS_KEY_TTL_MS


def test_a_key_that_is_missing_or_of_its_own_type_is_no_wrong_one() -> None:
    assert wrong_kinds(dict(KINDS)) == ()
    assert wrong_kinds(dict.fromkeys(KINDS, "none")) == ()


def test_a_key_of_another_type_is_named() -> None:
    assert wrong_kinds({**KINDS, JOBS_QUEUE: "string", RESULTS_STREAM: "list"}) == (JOBS_QUEUE, RESULTS_STREAM)


@pytest.mark.parametrize("last_id", [b"18446744073709551615-18446744073709551615", b"18446744073709551615-0"])
def test_a_stream_with_the_last_possible_time_has_ended(last_id: bytes) -> None:
    assert has_ended(last_id)


@pytest.mark.parametrize("last_id", [b"0-0", b"1795661678452-7", b"4102444800000-0"])
def test_a_stream_whose_last_id_is_a_time_even_one_to_come_has_not(last_id: bytes) -> None:
    assert not has_ended(last_id)


@pytest.mark.parametrize(
    ("added", "length", "pending", "delivered", "unaccounted"),
    [
        # nothing was read; two of five are on their way to the ledger; all are read and gone
        (5, 5, 0, 0, 0),
        (5, 5, 2, 2, 0),
        (5, 0, 0, 5, 0),
        # three were deleted unread
        (5, 2, 0, 0, 3),
        (5, 1, 2, 2, 4),
    ],
)
def test_what_was_added_and_is_neither_here_nor_delivered_is_unaccounted_for(
    added: int, length: int, pending: int, delivered: int, unaccounted: int
) -> None:
    assert Counts(added=added, length=length, pending=pending).unaccounted(delivered) == unaccounted


def test_suspects_are_those_whose_last_command_changes_what_others_wrote_and_not_the_farms_own() -> None:
    clients = [
        {"user": "coordinator", "cmd": "xadd", "addr": "10.0.0.2:1"},
        {"user": "worker", "cmd": "brpop", "addr": "10.0.0.3:1"},
        {"user": "host-attic", "cmd": "set", "addr": "10.0.0.4:1"},
        {"user": "host-attic", "cmd": "set", "addr": "10.0.0.4:2"},
        {"user": "default", "cmd": "xadd", "addr": "[::1]:3"},
        {"user": "host-\x1b[2J", "cmd": "client|setname", "addr": "10.0.0.5:1"},
    ]
    assert suspects(clients) == ("host-attic at 10.0.0.4", "a client at [::1]")


@pytest.mark.parametrize(("length", "most", "over"), [(0, 1, False), (1_003, 1, False), (1_004, 1, True)])
def test_a_queue_may_hold_each_job_thrice_and_some(length: int, most: int, over: bool) -> None:
    assert overflows(length, most) is over


@pytest.mark.parametrize(("left_ms", "stays"), [(-2, False), (1, False), (WORKERS_KEY_TTL_MS, False), (-1, True)])
def test_a_sign_that_outlasts_its_time_is_endless(left_ms: int, stays: bool) -> None:
    assert bool(without_expiry({WORKERS_KEY: left_ms})) is stays
