"""Results are read on after whatever Redis does: emptied, denied, killed, cut off."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from fleet.broker.results import BrokerState
from tasks.messages import (
    RESULTS_GROUP,
    RESULTS_STREAM,
)
from tests.support import redis_server
from tests.support.intake import intake, news, put, read
from tests.support.link import Link
from tests.support.processes import PATIENCE_S, eventually
from tests.support.workers import dispatcher, entries, job


def test_an_emptied_redis_is_told_and_the_stream_is_read_on(empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received, redis.Redis.from_url(empty_redis_url) as client:
        put(empty_redis_url, "job-1")
        read(received, 1)
        client.flushall()
        assert news(received) == BrokerState(reachable=True, emptied=True)
        put(empty_redis_url, "job-2")
        assert read(received, 1)[0] == ["job-2"]


def test_a_lost_consumer_group_loses_no_result(empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received, redis.Redis.from_url(empty_redis_url) as client:
        put(empty_redis_url, "job-1")
        read(received, 1)
        client.xgroup_destroy(RESULTS_STREAM, RESULTS_GROUP)
        assert news(received).emptied
        put(empty_redis_url, "job-2")
        assert "job-2" in read(received, 2)[0]


def test_a_redis_that_denies_the_group_is_asked_with_pauses(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client:
        client.acl_setuser("narrow", enabled=True, passwords=["+secret"], keys=["*"], commands=["+@all", "-xgroup"])
        try:
            with intake(re.sub(r"//:[^@]*@", "//narrow:secret@", empty_redis_url)) as received:
                assert not news(received).reachable
                asked = reads(client)
                time.sleep(1)
                assert reads(client) - asked <= 5
                client.acl_setuser("narrow", commands=["+xgroup"])
                assert news(received) == BrokerState(reachable=True, emptied=True)
                put(empty_redis_url, "job-1")
                assert read(received, 1)[0] == ["job-1"]
        finally:
            client.acl_deluser("narrow")


def reads(client: redis.Redis) -> int:
    """How often the stream was asked for, refusals included."""
    counts: Any = client.info("commandstats")["cmdstat_xreadgroup"]
    return int(counts["calls"]) + int(counts["rejected_calls"])


@pytest.fixture
def mortal(tmp_path: Path) -> redis_server.Mortal:
    """A Redis that can be killed and started again on its port, with nothing kept."""
    return redis_server.Mortal(redis_server.binary(), tmp_path)


def test_a_redis_that_is_killed_and_comes_back_is_told_and_used_again(mortal: redis_server.Mortal) -> None:
    with mortal as url, intake(url) as received, dispatcher(url) as (one, stated):
        put(url, "job-1")
        read(received, 1)
        mortal.kill()
        lost = news(received)
        assert not lost.reachable
        assert lost.reason
        one.dispatch(job("job-2", {}))
        one.acknowledge([b"1-1"])
        assert not stated.get(timeout=PATIENCE_S).published
        mortal.start()
        # its data is gone, the group with it
        while not (found := news(received)).emptied:
            assert found.reachable
        one.dispatch(job("job-2", {}))
        assert stated.get(timeout=PATIENCE_S).published
        put(url, "job-2")
        assert read(received, 1)[0] == ["job-2"]


def test_results_whose_reading_was_cut_off_are_read_again_before_new_ones(empty_redis_url: str) -> None:
    with Link(empty_redis_url) as link, intake(link.url) as received:
        put(empty_redis_url, "job-1")
        assert read(received, 1)[0] == ["job-1"]
        link.cut_at(b"job-2")
        put(empty_redis_url, "job-2")
        assert not news(received).reachable
        put(empty_redis_url, "job-3")
        # the first one was not acknowledged either
        assert read(received, 3)[0] == ["job-1", "job-2", "job-3"]


def test_a_backlog_that_was_handed_on_is_read_again_once_when_redis_was_lost(empty_redis_url: str) -> None:
    names = [f"job-{number}" for number in range(450)]
    with Link(empty_redis_url) as link, intake(link.url) as received, redis.Redis.from_url(empty_redis_url) as client:
        for name in names:
            put(empty_redis_url, name)
        read(received, 450)
        # between two commands a lost connection would be opened again without a word, and rightly: no answer is missing
        link.cut_at(b"job-450")
        names.append("job-450")
        put(empty_redis_url, "job-450")
        assert read(received, 451)[0] == names
        put(empty_redis_url, "job-new")
        assert read(received, 1)[0] == ["job-new"]
        asked = reads(client)
        time.sleep(1)
        assert reads(client) - asked <= 2
        assert received.empty()


def test_results_whose_acknowledgement_was_cut_off_leave_with_the_next_ones(empty_redis_url: str) -> None:
    with (
        intake(empty_redis_url) as received,
        Link(empty_redis_url) as link,
        dispatcher(link.url) as (one, _),
    ):
        link.cut_at(b"XACK")
        put(empty_redis_url, "job-1")
        one.acknowledge(read(received, 1)[2])
        eventually("the cut", lambda: link.met)
        put(empty_redis_url, "job-2")
        one.acknowledge(read(received, 1)[2])
        eventually("an empty stream", lambda: not entries(empty_redis_url))


def test_a_redis_with_another_password_is_told_not_survived_in_silence(empty_redis_url: str) -> None:
    wrong = empty_redis_url.replace("redis://:", "redis://:not-")
    with intake(wrong) as received, dispatcher(wrong) as (one, stated):
        state = news(received)
        assert not state.reachable
        assert "password" in state.reason.lower() or "auth" in state.reason.lower()
        one.dispatch(job("job-1", {}))
        assert not stated.get(timeout=PATIENCE_S).published
