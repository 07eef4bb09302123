"""Makes this process the only coordinator of its state folder and of its Redis."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from config.settings import Settings
from fleet.broker.admission import raise_refusal
from fleet.broker.lease import Lease, LeaseKeeper
from fleet.coordinator.inbox import Inbox
from fleet.ledger.storage.lock import Lock
from fleet.private_files import private_umask
from fleet.threads import WatchedThread
from tasks.broker.handshake import announce, release
from tasks.broker.redis_client import redis_client
from tasks.broker.statement import own_statement


@contextlib.contextmanager
def only_coordinator(settings: Settings, redis_url: str, inbox: Inbox) -> Iterator[WatchedThread]:
    """Lock the state folder and the Redis for this process; the yielded thread keeps the lease on the Redis.

    After an error both stay locked until the process ends. Raises RedisHeld or ServiceError where either is taken.
    """
    private_umask()
    lock = Lock(settings.state_dir / "coordinator.lock")
    lease = Lease(redis_client(redis_url), lock.seat, str(settings.state_dir))
    lease.claim()
    raise_refusal(announce(redis_url, own_statement(release(), settings)))
    keeper = LeaseKeeper(lease, inbox.put)
    yield keeper.thread
    keeper.close()
    lease.release()
    lock.release()
