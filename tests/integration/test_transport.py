"""kombu's way to Redis, with few marks.

One file: all tests look at the same two hashes of marks by the same connection.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu.asynchronous import Hub, get_event_loop, set_event_loop
from kombu.connection import Connection

from config.load import load
from tasks.broker import transport
from tasks.messages import JOBS_QUEUE
from tasks.worker.app import make_app
from tests.support.processes import eventually


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The loop of a worker; what is marked later, is marked when `fire_timers` is called."""
    monkeypatch.setattr(transport, "MARK_S", 0.0)
    before, made = get_event_loop(), Hub()
    set_event_loop(made)
    yield made
    set_event_loop(before)
    made.close()


@pytest.fixture
def connection(empty_redis_url: str) -> Iterator[Connection]:
    with make_app(load({"redis_url": empty_redis_url}, environ={}), empty_redis_url).connection_for_write() as made:
        made.default_channel.queue_declare(JOBS_QUEUE)
        yield made


@pytest.fixture
def marked(empty_redis_url: str) -> Iterator[Marked]:
    with redis.Redis.from_url(empty_redis_url) as client:
        yield Marked(client)


class Marked:
    """What Redis knows of messages that were taken and are not done."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def __len__(self) -> int:
        held, dated = int(self.client.hlen("unacked")), int(self.client.zcard("unacked_index"))
        assert held == dated
        return held

    @property
    def waiting(self) -> int:
        return int(self.client.llen(JOBS_QUEUE))

    @property
    def clients(self) -> set[str]:
        return {client["id"] for client in self.client.client_list()}

    @property
    def transactions(self) -> int:
        return int(self.client.info("commandstats")["cmdstat_exec"]["calls"])


def taken(connection: Connection, count: int) -> list[Any]:
    channel = connection.default_channel
    for number in range(count):
        channel.basic_publish(channel.prepare_message(f"{number}"), "", JOBS_QUEUE)
    return [channel.basic_get(JOBS_QUEUE) for _ in range(count)]


def test_only_what_takes_longer_is_marked(connection: Connection, hub: Hub, marked: Marked) -> None:
    quick, slow = taken(connection, 2)
    quick.ack()
    assert len(marked) == 0
    hub.fire_timers()
    assert len(marked) == 1
    assert marked.client.zscore("unacked_index", slow.delivery_tag) == pytest.approx(time.time(), abs=60)
    slow.ack()
    assert len(marked) == 1
    hub.fire_timers()
    assert len(marked) == marked.waiting == 0


def test_what_was_marked_can_be_given_to_another_worker(connection: Connection, hub: Hub, marked: Marked) -> None:
    (message,) = taken(connection, 1)
    hub.fire_timers()
    connection.default_channel.qos.restore_by_tag(message.delivery_tag)
    assert (len(marked), marked.waiting) == (0, 1)
    again: Any = connection.default_channel.basic_get(JOBS_QUEUE)
    assert again.body == message.body


@pytest.mark.usefixtures("hub")
def test_the_end_of_a_channel_gives_back_what_is_not_done(connection: Connection, marked: Marked) -> None:
    done, _left = taken(connection, 2)
    done.ack()
    connection.default_channel.close()
    assert (len(marked), marked.waiting) == (0, 1)


@pytest.mark.usefixtures("hub")
def test_the_end_of_a_channel_leaves_no_connection_open(connection: Connection, marked: Marked) -> None:
    taken(connection, 1)
    before = marked.clients
    connection.default_channel.close()
    assert marked.waiting == 1
    eventually("the channel closes what it opened to give messages back", lambda: marked.clients <= before, 3.0)


def test_the_end_of_a_channel_says_what_is_done(connection: Connection, hub: Hub, marked: Marked) -> None:
    (message,) = taken(connection, 1)
    hub.fire_timers()
    message.ack()
    connection.default_channel.close()
    assert len(marked) == marked.waiting == 0


@pytest.mark.parametrize(("requeue", "waiting"), [(True, 1), (False, 0)])
def test_a_refused_message_goes_back_or_away(
    connection: Connection, hub: Hub, marked: Marked, requeue: bool, waiting: int
) -> None:
    (message,) = taken(connection, 1)
    message.reject(requeue=requeue)
    hub.fire_timers()
    assert (len(marked), marked.waiting) == (0, waiting)


def test_messages_for_other_workers_go_back_together_and_behind_those_that_wait(
    connection: Connection, hub: Hub, marked: Marked
) -> None:
    messages = taken(connection, 3)
    hub.fire_timers()
    channel = connection.default_channel
    channel.basic_publish(channel.prepare_message("waiting"), "", JOBS_QUEUE)
    before = marked.transactions
    for message in messages:
        message.reject(requeue=True)
    assert (len(marked), marked.waiting) == (3, 1), "nothing is sent for a single one"
    hub.fire_timers()
    assert (len(marked), marked.waiting, marked.transactions - before) == (0, 4, 1)
    order = [channel.basic_get(JOBS_QUEUE) for _ in range(4)]
    assert [one.body for one in order] == [b"waiting", b"0", b"1", b"2"]
    assert [one.headers.get("redelivered", False) for one in order] == [False, True, True, True]


@pytest.mark.usefixtures("hub")
def test_the_end_of_a_channel_gives_back_what_is_for_other_workers(connection: Connection, marked: Marked) -> None:
    (message,) = taken(connection, 1)
    message.reject(requeue=True)
    connection.default_channel.close()
    assert (len(marked), marked.waiting) == (0, 1)


@pytest.mark.usefixtures("hub")
def test_a_message_that_a_closed_channel_gave_back_is_not_given_back_again(
    connection: Connection, marked: Marked
) -> None:
    (message,) = taken(connection, 1)
    connection.default_channel.close()
    message.reject(requeue=True)
    assert (len(marked), marked.waiting) == (0, 1)


def test_what_redis_could_not_be_told_is_forgotten(
    connection: Connection, hub: Hub, marked: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, other = taken(connection, 2)
    qos = connection.default_channel.qos

    def refuse() -> None:
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(qos, "pipe_or_acquire", refuse)
        hub.fire_timers(propagate=(redis.ConnectionError,))
    message.ack()
    (later,) = taken(connection, 1)
    hub.fire_timers()
    assert len(marked) == 1
    later.ack()
    other.ack()
    hub.fire_timers()
    assert len(marked) == 0


@pytest.mark.usefixtures("hub")
def test_without_a_loop_each_is_told_at_once(connection: Connection, marked: Marked) -> None:
    set_event_loop(None)
    (message,) = taken(connection, 1)
    assert len(marked) == 1
    message.ack()
    assert len(marked) == 0


def test_a_closed_channel_says_nothing_more(connection: Connection, hub: Hub, marked: Marked) -> None:
    channel = connection.default_channel
    before, after = taken(connection, 2)
    before.ack()
    channel.close()
    connection.close()
    channel.qos.ack(after.delivery_tag)
    hub.fire_timers(propagate=(Exception,))
    assert (len(marked), marked.waiting) == (0, 1)
