"""The permissions in the farm's Redis: one ACL user per role, defined as data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from enum import Enum

from tasks.messages import JOIN_KEY_PREFIX

#: Kombu's own keys: bindings, unacknowledged messages, and replies to remote control.
_BROKER_KEYS = "~neonet.jobs* ~_kombu.* ~unacked* ~*.celery.pidbox*"
#: Greeting and health of a connection. Without CLIENT SETINFO: Redis 7.0 does not know it and would refuse the
#: users file, and clients go on where it is denied.
_CONNECTION = "+auth +hello +ping +select +client|setname +client|id +unsubscribe +punsubscribe"
#: The commands that kombu 5.7 uses on its keys.
_BROKER_COMMANDS = (
    "+multi +exec +discard +watch +unwatch +time "
    "+lpush +rpush +brpop +rpop +lrem +llen +del +exists +expire +type "
    "+zadd +zrem +zcard +zrange +zrangebyscore +zrevrangebyscore +hset +hget +hdel +hlen "
    "+sadd +srem +smembers +scard +sismember +set +get +pexpire"
)
#: Transactions and Redis's clock, which touch no key.
_TRANSACTIONS = "+multi +exec +discard +watch +unwatch +time"
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_HOST_PREFIX = "host-"
_GUEST_PREFIX = "guest-"


class Role(Enum):
    """The roles of Redis clients."""

    #: dispatches jobs and reads results
    COORDINATOR = "coordinator"
    #: takes jobs and adds results
    WORKER = "worker"
    #: reads events and queue lengths, and queries workers
    FLOWER = "flower"
    #: checks whether Redis answers
    HEALTH = "health"
    #: has Redis read its renewed certificate, in Redis's own container
    RENEWAL = "renewal"


#: Celery's channels: remote control goes out on pidbox, events come in on celeryev; the 0 is the database.
_RULES: dict[Role, str] = {
    Role.COORDINATOR: (
        f"~neonet.* {_BROKER_KEYS} &/0.celery* {_CONNECTION} {_BROKER_COMMANDS} +publish +subscribe +psubscribe "
        "+eval +evalsha +script|load "
        "+xadd +xreadgroup +xack +xdel +xlen +xpending +xautoclaim +xclaim +xrange +xtrim +xinfo|groups +xinfo|stream "
        "+xgroup|create +xgroup|createconsumer +pttl +hgetall +info +client|list"
    ),
    # No publish on pidbox, so that a stolen password can't stop the other workers. No scripts, which could keep Redis
    # busy. Each kind of key has its own commands, so that no worker can delete the queue or replace it, send other
    # workers' answers elsewhere, or delete them.
    Role.WORKER: (
        f"{_CONNECTION} {_TRANSACTIONS} "
        "(resetkeys ~neonet.jobs* +brpop +lpush +rpush +llen) "
        "(resetkeys ~unacked ~unacked_index +watch +zadd +zrem +zrange +hset +hget +hdel) "
        "(resetkeys ~unacked_mutex +set) "
        # kombu records the queue's binding and removes that of the worker's mailbox; neither is ever read
        "(resetkeys ~_kombu.binding.neonet.jobs* ~_kombu.binding_permanent.neonet.jobs* +sadd) "
        "(resetkeys ~_kombu.binding.celery.pidbox ~_kombu.binding_permanent.celery.pidbox +srem) "
        "(resetkeys ~*@*.celery.pidbox +llen +del) "
        # answers to Flower: where they go, and there
        "(resetkeys %R~_kombu.binding.reply.celery.pidbox +smembers) "
        "(resetkeys %W~*.reply.celery.pidbox +lpush) "
        "(resetkeys resetchannels &/0.celery.pidbox +subscribe +psubscribe) "
        "(resetkeys resetchannels &/0.celeryev* +publish) "
        "(resetkeys %W~neonet.results +xadd) "
        "(resetkeys %R~neonet.release +get) "
        "(resetkeys %R~neonet.hosts +hmget) "
        "(resetkeys %W~neonet.workers +set) "
        "(resetkeys %W~neonet.slots %W~neonet.statements +hset +pexpire)"
    ),
    # No pop from the queue of jobs, since Flower only reads its length. No scripts, as for workers.
    Role.FLOWER: (
        f"~_kombu.* ~*.celery.pidbox* ~celeryev.* &/0.celery* &/0.celeryev/* {_CONNECTION} "
        "+publish +subscribe +psubscribe +multi +exec +watch +unwatch +time "
        "+lpush +brpop +rpop +llen +get +set +del +exists +expire +pexpire +zadd +zrem +zrange "
        "+zrangebyscore +sadd +srem +smembers (resetkeys resetchannels %R~neonet.jobs* +llen)"
    ),
    Role.HEALTH: "+ping +auth +hello",
    Role.RENEWAL: "+ping +auth +hello +config|set",
}


def is_host_name(text: str) -> bool:
    """Whether `text` is a valid host name: 1 to 32 of `a-z 0-9 -`, with letters or digits at both ends."""
    return _HOST_NAME.fullmatch(text) is not None


def join_key_of_key(host: str) -> str:
    """The Redis key that holds an invited host's own key beside its password; no host name has a dot."""
    return f"{JOIN_KEY_PREFIX}{host}.key"


def user_of_guest(host: str) -> str:
    """The Redis user of a host that was invited and has not joined yet."""
    return _GUEST_PREFIX + host


def user_of_host(host: str) -> str:
    """The Redis user of another host's workers."""
    return _HOST_PREFIX + host


def users_file(passwords: Mapping[Role, str], hosts: Mapping[str, str], guests: Mapping[str, str] | None = None) -> str:
    """The text of Redis's `users.acl`: one user per role and per host, all with passwords, which are stored as hashes.

    `guests` are the passwords of invitations. Such a user can take its host's password, once, and nothing else.
    """
    return "".join(f"{line}\n" for line in _lines(passwords, hosts, guests or {}))


def _lines(passwords: Mapping[Role, str], hosts: Mapping[str, str], guests: Mapping[str, str]) -> Iterator[str]:
    # Redis runs the transactions of its append-only file as this user, and drops them if it lacks the right. `off`
    # prevents any login as this user.
    yield "user default off resetpass ~* &* +@all"
    for role in Role:
        yield _user(role.value, passwords[role], _RULES[role])
    for host in sorted(hosts):
        yield _user(user_of_host(host), hosts[host], _RULES[Role.WORKER])
    for host in sorted(guests):
        keys = f"~{JOIN_KEY_PREFIX}{host} ~{join_key_of_key(host)}"
        yield _user(user_of_guest(host), guests[host], f"{keys} {_CONNECTION} +getdel")


def _user(name: str, password: str, rules: str) -> str:
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user {name} on #{digest} resetkeys resetchannels -@all {rules}"
