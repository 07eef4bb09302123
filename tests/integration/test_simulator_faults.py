"""Every fault of the simulator, as a client on the wire meets it.

One file: each fault has one short test, and all of them begin at the same miner with a session.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.client import BadStatusLine, HTTPException, IncompleteRead

import pytest

from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.thread import running
from tests.support.simulator_client import (
    Client,
    Reply,
    biggest,
    call,
    has_long_integer,
    is_bad_utf8,
    is_bomb,
    is_cut,
    is_too_deep,
    raw_answer,
)


@pytest.fixture
def client() -> Iterator[Client]:
    """A miner with a session in dialect b."""
    with running(SimulatorOptions(dialect="b", seed=3)) as simulator:
        call(simulator.url, "POST", "/ai-energy/register", {"contributor_id": "m"})
        started = call(simulator.url, "POST", "/ai-energy/start-session", {"contributor_id": "m"})
        yield Client(simulator=simulator, session_id=started.json["session_id"])


def accepted(client: Client) -> object:
    """How many jobs the simulator has paid."""
    return client.simulator.requests()["accepted"]


def test_a_500_before_the_deed_pays_nothing(client: Client) -> None:
    job = client.fetch().json
    client.simulator.set_faults("error_before,endpoints=submit-result,count=1")
    assert client.submit(job).status == 500
    assert accepted(client) == 0
    assert client.submit(job).json["success"] is True


def test_a_500_after_the_deed_has_paid(client: Client) -> None:
    job = client.fetch().json
    client.simulator.set_faults("error_after,endpoints=submit-result,count=1")
    reply = client.submit(job)
    assert (reply.status, reply.body) == (500, b"Internal Server Error")
    assert accepted(client) == 1
    assert client.submit(job).json == {"detail": "Task already completed"}


@pytest.mark.parametrize(("kind", "status"), [("bad_gateway", 502), ("unavailable", 503), ("html", 200)])
def test_a_proxy_speaks_html(client: Client, kind: str, status: int) -> None:
    client.simulator.set_faults(kind)
    reply = client.fetch()
    assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<html>")


@pytest.mark.parametrize("value", ["7", "-5", "99999999999", "soon", "1.5"])
def test_a_429_carries_the_retry_after_that_was_asked_for(client: Client, value: str) -> None:
    client.simulator.set_faults(f"refused,value={value}")
    reply = client.fetch()
    assert (reply.status, reply.headers["retry-after"]) == (429, value)
    assert reply.json == {"detail": "Too many requests. Please try again later."}


def test_a_429_has_no_retry_after_unless_asked_and_can_have_a_date(client: Client) -> None:
    client.simulator.set_faults("refused,count=1", "refused,value=date")
    assert "retry-after" not in client.fetch().headers
    pause_s = parsedate_to_datetime(client.fetch().headers["retry-after"]).timestamp() - time.time()
    assert 2 < pause_s < 7


@pytest.mark.parametrize(("kind", "paid"), [("hang_before", 0), ("hang_after", 1)])
def test_a_hanging_server_sends_no_byte(client: Client, kind: str, paid: int) -> None:
    job = client.fetch().json
    client.simulator.set_faults(f"{kind},endpoints=submit-result")
    with pytest.raises(TimeoutError):
        client.submit(job, timeout_s=0.4)
    assert accepted(client) == paid


def test_an_answer_can_stop_after_half_its_body(client: Client) -> None:
    client.simulator.set_faults("hang_body,endpoints=task")
    raw = raw_answer(client, 0.4)
    head, _, body = raw.partition(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert len(body) == length // 2 > 0


def test_an_answer_can_trickle_at_a_byte_a_second(client: Client) -> None:
    client.simulator.set_faults("trickle,endpoints=task")
    assert raw_answer(client, 1.5) == b"HT"


@pytest.mark.parametrize(("kind", "paid"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_gives_no_answer(client: Client, kind: str, paid: int) -> None:
    job = client.fetch().json
    client.simulator.set_faults(f"{kind},endpoints=submit-result,count=1")
    with pytest.raises((BadStatusLine, ConnectionResetError)):
        client.submit(job)
    assert accepted(client) == paid
    assert client.submit(job).status == (400 if paid else 200)


def test_forgetting_strikes_once_and_the_call_meets_a_blank_server(client: Client) -> None:
    client.simulator.set_faults("forget,endpoints=task,after=1,count=1")
    assert client.fetch().status == 200
    assert client.fetch().json == {"detail": "Contributor not registered"}
    assert client.simulator.requests()["forgotten"] == 1


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("cut_json", is_cut),
        ("wrong_types", lambda reply: reply.json["task_id"] == [36] and reply.json["data"] == 7),
        ("missing_fields", lambda reply: reply.json == {}),
        ("missing_fields,value=reward|data", lambda reply: "task_id" in reply.json and "reward" not in reply.json),
        ("extra_fields", lambda reply: "x_new_field" in reply.json and "task_id" in reply.json),
        ("nan", lambda reply: math.isnan(reply.json["reward"])),
        ("infinity", lambda reply: math.isinf(reply.json["reward"])),
        ("big_body", lambda reply: len(reply.body) > 10_000_000 and "task_id" in reply.json),
        ("deep_nesting", is_too_deep),
        ("long_integer", has_long_integer),
        ("bad_utf8", is_bad_utf8),
        ("gzip_bomb", is_bomb),
    ],
)
def test_garbage_comes_with_status_200_after_the_deed(
    client: Client, kind: str, holds: Callable[[Reply], bool]
) -> None:
    client.simulator.set_faults(f"{kind.partition(',')[0]},endpoints=task{kind[len(kind.partition(',')[0]) :]}")
    reply = client.fetch()
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert holds(reply)
    client.simulator.set_faults()
    assert client.simulator.requests()["assigned_again"] == 0
    client.fetch()
    assert client.simulator.requests()["assigned_again"] == 1


def test_a_poisoned_job_is_huge_and_stays_so_when_it_is_fetched_again(client: Client) -> None:
    client.simulator.set_faults("poison,count=1")
    job = client.fetch().json
    assert max(biggest(job["data"])) >= 10**6
    assert client.fetch().json == job


@pytest.mark.parametrize("endpoint", ["start-session", "heartbeat"])
def test_jobs_that_come_without_a_fetch_can_be_poisoned_too(client: Client, endpoint: str) -> None:
    client.simulator.set_faults("unknown_type,value=alchemy")
    if endpoint == "start-session":
        client.call("POST", "/ai-energy/register", {"contributor_id": "n"})
        job = client.call("POST", "/ai-energy/start-session", {"contributor_id": "n"}).json["initial_task"]
    else:
        beat = {"contributor_id": "m", "session_id": client.session_id}
        job = client.call("POST", "/ai-energy/heartbeat", beat).json["next_task"]
    assert job["task_type"] == "alchemy"


@pytest.mark.parametrize(
    ("value", "written"),
    [("-1", b"-1"), ("NaN", b"NaN"), ("1e400", b"1e400"), ("much", b'"much"'), ("inf", b"Infinity")],
)
def test_a_job_can_state_an_absurd_reward_while_the_book_holds_the_true_one(
    client: Client, value: str, written: bytes
) -> None:
    client.simulator.set_faults(f"job_reward,value={value}")
    reply = client.fetch()
    assert b'"reward":' + written + b"," in reply.body
    client.simulator.set_faults()
    receipt = client.submit(reply.json).json
    assert 0 < receipt["reward"] <= 10
    assert str(client.simulator.total("m")) == repr(receipt["reward"])


def test_a_receipt_can_state_an_absurd_reward_while_the_book_holds_the_true_one(client: Client) -> None:
    job = client.fetch().json
    client.simulator.set_faults("receipt_reward,value=1e400")
    assert b'"reward":1e400,' in client.submit(job).body
    assert str(client.simulator.total("m")) == repr(job["reward"])


@pytest.mark.parametrize("value", ["-60", "0", "1e300", "later"])
def test_a_job_can_state_an_absurd_deadline(client: Client, value: str) -> None:
    client.simulator.set_faults(f"deadline,value={value}")
    assert str(client.fetch().json["timeout_seconds"]) in {value, str(float(value)) if value == "1e300" else value}


def test_the_pending_job_can_come_again_with_other_data(client: Client) -> None:
    client.simulator.set_faults("other_payload,after=1,count=1")
    first, second, third = (client.fetch().json for _ in range(3))
    assert first == third
    assert (second["task_id"], second["task_type"]) == (first["task_id"], first["task_type"])


def test_a_completed_job_can_come_again_with_other_data(client: Client) -> None:
    job = client.fetch().json
    client.submit(job)
    client.simulator.set_faults("other_payload,count=1")
    assert client.fetch().json["task_id"] == job["task_id"]
    assert client.submit(job).json == {"detail": "Task already completed"}


def test_another_miners_job_can_be_handed_out(client: Client) -> None:
    client.call("POST", "/ai-energy/register", {"contributor_id": "other"})
    client.call("POST", "/ai-energy/start-session", {"contributor_id": "other"})
    theirs = client.call("GET", "/ai-energy/task/other").json
    client.simulator.set_faults("other_miner")
    assert client.fetch().json == theirs
    assert theirs["contributor_id"] == "other"


def test_a_copy_of_the_books_can_lag_behind_what_was_paid(client: Client) -> None:
    def stated() -> float:
        return float(client.call("GET", "/ai-energy/contributor/m").json["contributor"]["total_rewards"])

    client.simulator.set_faults("stale,count=2")
    before = stated()
    client.submit(client.fetch().json)
    assert [stated(), stated() > before] == [before, True]


def test_faults_can_be_limited_to_named_miners(client: Client) -> None:
    client.simulator.set_faults("error_before,miners=Other")
    assert client.fetch().status == 200
    assert client.call("POST", "/ai-energy/register", {"contributor_id": "OTHER"}).status == 500


def test_control_calls_meet_neither_faults_nor_the_limit(client: Client) -> None:
    client.simulator.set_faults(*(kind.value for kind in FaultKind))
    before = client.simulator.requests()["requests_total"]
    for _ in range(20):
        assert client.call("GET", "/simulator/faults").status == 200
    assert client.simulator.requests()["requests_total"] == before


def test_no_fault_leaves_the_server_broken(client: Client) -> None:
    for kind in FaultKind:
        client.simulator.set_faults(f"{kind.value},count=1")
        for path in ("/ai-energy/task/m", "/ai-energy/contributor/m"):
            try:
                client.call("GET", path, timeout_s=0.3)
            except (OSError, HTTPException, IncompleteRead):
                continue
    client.simulator.set_faults()
    client.simulator.unban()
    assert client.call("GET", "/api/gas/info").status == 200
