"""kombu's Redis transport with fewer round trips and fewer rights, which drops malformed messages.

With kombu's own transport a worker waits for Redis twice for each message: to mark it as taken before it is computed,
and to acknowledge it. Far from Redis it does little else.

Some names of kombu's that begin with an underscore are used here, since it has no public way to the same:

- `_queue_bind`, `_size` and `_deliver` are what `kombu.transport.virtual` asks each transport to define or override.
- `_refresh_binding`, `_do_restore_message`: kombu's versions run scripts, or write to a key that the message names.
  The Redis roles of workers and Flower allow neither.
- `_brpop_read`, `_receive_one`: the only places where an unreadable message can be dropped before it ends the worker.
- `_fanout_queues`, `_expires`, `_delivered`, `_qos`, `_disconnect_pools`: the state of what is overridden, and its end.

The lock file pins kombu's version, and `tests/integration/test_transport.py` and `test_role_of_a_worker.py` run these
with a real Redis. One file: kombu's channel, its QoS and its transport are subclassed together and know each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any

from kombu.asynchronous import get_event_loop
from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from kombu.utils.json import dumps
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from tasks.broker.dropped import Dropped
from tasks.broker.envelope import sanitized_envelope
from tasks.broker.redis_clock import RedisClock
from tasks.broker.verified_tls import VerifiedConnection
from tasks.job_queues import TAKEN_QUEUES
from tasks.messages import JOBS_QUEUE

#: seconds until a taken message is marked as such, unless it is done by then
MARK_S = 0.05
#: how long one worker keeps the others from looking for messages to restore, in whole seconds
_SWEEP_S = 4
#: number of messages restored at a time
_MOST_RESTORED = 100
#: Redis's faults, not the message's; redis-py's complaints about an argument are the message's
_REDIS_FAILS = (Disconnected, NoAnswer, ResponseError, OSError)
dropped = Dropped()


class QoS(redis.QoS):
    """Marks, acknowledges and requeues messages in batches, and skips the first two for those done within `MARK_S`.

    When a worker is killed, its unmarked messages are lost to Redis, which can't restore them. The coordinator
    dispatches these jobs again, like marked ones, long before Redis would (`dispatch.redispatch_s`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unmarked: dict[str, Any] = {}
        self._done: list[str] = []
        self._requeued: list[Any] = []
        self._awaited = False
        #: calls of `restore_visible` so far
        self._sweeps = 0
        self._clock = RedisClock()

    def append(self, message: Any, delivery_tag: str) -> None:
        """Record that a message was taken."""
        virtual.QoS.append(self, message, delivery_tag)
        self._unmarked[delivery_tag] = message
        self._write_soon()

    def ack(self, delivery_tag: str) -> None:
        """Record that a message is done."""
        virtual.QoS.ack(self, delivery_tag)
        if self._unmarked.pop(delivery_tag, None) is None:
            self._done.append(delivery_tag)
            self._write_soon()

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Record that a message is refused, or for another worker; a sweep restores it after a lost connection."""
        if not requeue:
            self.ack(delivery_tag)
        elif not self._gone:
            self._requeued.append(self._delivered[delivery_tag])
            self.ack(delivery_tag)
            self._write_soon()

    def restore_unacked(self, client: Any = None) -> None:
        """Restore unfinished messages when the worker ends.

        After a lost connection nothing is restored, since the coordinator dispatches the jobs again from its ledger.
        """
        if self._gone:
            self._delivered.clear()
            return
        self.write()
        super().restore_unacked(client)

    def write(self) -> None:
        """Tell Redis what was taken, what is done and what is for others, and forget it. Raises redis-py's errors."""
        self._awaited = False
        taken, self._unmarked = self._unmarked, {}
        done, requeued, self._done, self._requeued = self._done, self._requeued, [], []
        if not (taken or done or requeued):
            return
        with self.pipe_or_acquire() as pipe:
            if taken:
                pipe.zadd(self.unacked_index_key, dict.fromkeys(taken, self._now()))
                pipe.hset(self.unacked_key, mapping={tag: _body(message) for tag, message in taken.items()})
            if done:
                pipe.zrem(self.unacked_index_key, *done).hdel(self.unacked_key, *done)
            # behind those that are waiting
            for message in requeued:
                key = message.delivery_info["routing_key"]
                self.channel._do_restore_message(message.serializable(), "", key, pipe, leftmost=True)
            pipe.execute()

    def restore_visible(self, start: int = 0, num: int | None = None, interval: int = 1) -> None:
        """Restore messages that other workers took long ago, by Redis's clock, since this host's own may be wrong.

        Only one worker does so at a time. The lock key expires by itself, so releasing it needs no script.
        """
        self._sweeps += 1
        if (self._sweeps - 1) % (interval or 1):
            return
        # a Redis that is full or takes no writes can restore nothing now; an error here would end the worker
        with suppress(ResponseError), self.channel.conn_or_acquire() as client:
            if not client.set(self.unacked_mutex_key, "", nx=True, ex=_SWEEP_S):
                return
            oldest = self._clock.read(client) - self.visibility_timeout
            for tag in client.zrange(
                self.unacked_index_key, "-inf", oldest, byscore=True, offset=start, num=num or _MOST_RESTORED
            ):
                self.restore_by_tag(tag, client)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back into the queue, or discard it when it can't be read."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except _REDIS_FAILS:
            raise
        except Exception as exc:  # noqa: BLE001 - whatever was put there, the next worker would meet it, too
            dropped.add(exc)
            self._done.append(tag)
            self._write_soon()

    def try_write(self) -> None:
        """Tell Redis, if it is reachable. The loop learns of a lost or restored connection by itself.

        A closed channel has already restored its unfinished messages.
        """
        if not self.channel.closed and not self._gone:
            with suppress(RedisError, OSError):
                self.write()

    def _now(self) -> float:
        with self.channel.conn_or_acquire() as client:
            return self._clock.now(client)

    @property
    def _gone(self) -> bool:
        """Whether the channel's connection was lost, or closed with the channel."""
        return self.channel.connection is None or self.channel.connection.client is None

    def _write_soon(self) -> None:
        hub = get_event_loop()
        if hub is None:
            self.try_write()
        elif not self._awaited:
            self._awaited = True
            hub.call_later(MARK_S, self.try_write)


@contextmanager
def _tried_again() -> Iterator[None]:
    """Turn a refusal by Redis into a lost connection, so that the worker reconnects and retries instead of ending.

    The reason may be a key replaced by another type, which the coordinator removes, or a right that the role has lost.
    """
    try:
        yield
    except ResponseError as exc:
        raise Disconnected(f"Redis refuses: {exc}") from exc


def _body(message: Any) -> str:
    delivery = message.delivery_info
    return dumps([message.serializable(), delivery["exchange"], delivery["routing_key"]])  # type: ignore[no-any-return]


class Channel(redis.Channel):
    """Binds and restores by commands that the roles may run. An unreadable message is dropped."""

    QoS = QoS
    connection_class_ssl = VerifiedConnection

    def _queue_bind(self, exchange: str, routing_key: str, pattern: Any, queue: str) -> None:
        """Store a binding in Redis, except for a fanout's: Redis knows its subscribers, so that table is never read.

        kombu would maintain that table by scripts, which no worker's role may run.
        """
        if self.typeof(exchange).type == "fanout":
            self._fanout_queues[queue] = (exchange, routing_key.replace("#", "*"))
            self._expires.pop(queue, None)
            return
        with _tried_again():
            super()._queue_bind(exchange, routing_key, pattern, queue)

    def _refresh_binding(self, keys: Sequence[str], args: Sequence[Any], client: Any) -> None:
        """Bind a queue that expires, by commands in place of kombu's script, which Flower's role may not run."""
        table, (member, _, ttl_ms) = keys[0], args
        client.sadd(table, member)
        client.pexpire(table, ttl_ms)

    def sweep_bindings(self, limit: int = 100) -> int:  # noqa: ARG002 - the signature is kombu's
        """Delete no table of bindings: each one expires by itself."""
        return 0

    def _do_restore_message(
        self,
        payload: Any,
        exchange: str,  # noqa: ARG002 - the signature is kombu's
        routing_key: str,
        pipe: Any,
        leftmost: bool = False,
    ) -> None:
        """Put a message back into its queue of jobs, if that is what a worker wrote down about where it came from.

        Another key, which this role may not write to, would end the sweep at this message each time.
        """
        queue = routing_key if routing_key in TAKEN_QUEUES else JOBS_QUEUE
        with suppress(KeyError, TypeError):
            payload["headers"]["redelivered"] = True
        (pipe.lpush if leftmost else pipe.rpush)(queue, dumps(payload))

    def _size(self, queue: str) -> int:
        """The number of waiting messages."""
        with _tried_again():
            return int(super()._size(queue))

    def _brpop_read(self, **options: Any) -> Any:
        """Take a message off the queue. Malformed JSON is dropped."""
        try:
            with _tried_again():
                return super()._brpop_read(**options)
        except (Empty, *_REDIS_FAILS):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever it was, it is off the queue
            dropped.add(exc)
            return True

    def _receive_one(self, c: Any) -> Any:
        """Take a broadcast to all workers. An unreadable one is dropped."""
        try:
            return super()._receive_one(c)
        except (Empty, *_REDIS_FAILS):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever it was, it is off the channel
            dropped.add(exc)
            return True

    def close(self) -> None:
        """At the end or after a lost connection, report what is done, restore the rest, and end what that connected."""
        # Flower acknowledges nothing, and has kombu's own QoS
        if isinstance(self._qos, QoS) and not self.closed:
            self._qos.try_write()
        super().close()
        self._disconnect_pools()


class RedisTransport(redis.Transport):
    """kombu's transport with these channels. No message, whatever its form, ends its receiver."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str) -> None:
        """Pass a message to its consumer. One that is not a job, or that its consumer fails on, is dropped."""
        tag = None
        try:
            if queue in TAKEN_QUEUES:
                message = sanitized_envelope(message, queue)
                tag = message["properties"]["delivery_tag"]
            super()._deliver(message, queue)
        except _REDIS_FAILS:
            raise
        except Exception as exc:  # noqa: BLE001 - whatever it was, the next worker would meet it, too
            dropped.add(exc)
            for channel in self.channels if tag else ():
                channel.basic_ack(tag)


def use_for_redis() -> None:
    """Make kombu use this transport for redis:// and rediss:// in this process.

    An entry in kombu's table covers every connection. A subclass of the app's connection would not: some are
    made by kombu's own class, whose scripts Flower's role may not run. Celery's `broker_transport` would put the
    transport's name into the broker's URL, which Flower reads.
    """
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:{RedisTransport.__name__}"))
