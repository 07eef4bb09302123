"""Opens the coordinator's side of Redis: what sends jobs, takes results in, and watches workers, each on a thread."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from config.settings import Settings
from fleet.broker.disguise import Disguise
from fleet.broker.dispatch import Dispatcher
from fleet.broker.host_orders import HostOrders
from fleet.broker.key_ring import KeyRing
from fleet.broker.presence import PresenceWatch
from fleet.broker.result_signatures import ResultSignatures
from fleet.broker.results import Intake
from fleet.coordinator.inbox import Inbox
from fleet.coordinator.observing.status import InRedis
from fleet.threads import WatchedThread
from tasks.broker.redis_client import redis_client
from tasks.worker.app import make_app


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenBroker:
    """The coordinator's side of Redis."""

    dispatcher: Dispatcher
    #: the threads that a coordinator can't do without
    threads: tuple[WatchedThread, ...]
    in_redis: InRedis
    #: what worker hosts are ordered
    hosts: HostOrders


@contextlib.contextmanager
def open_broker(settings: Settings, redis_url: str, inbox: Inbox, disguise: Disguise) -> Iterator[OpenBroker]:
    """The farm's side of Redis, which shows workers jobs in `disguise`.

    Raises WrongSetting when the file of the keys can't be used.
    """
    keys = None if settings.dispatch.keys_file is None else KeyRing(settings.dispatch.keys_file)
    signatures = None if keys is None else ResultSignatures(keys.keys, settings.dispatch.unsigned)
    dispatcher = _dispatcher(settings, redis_url, inbox, disguise, keys)
    hosts = HostOrders(redis_client(redis_url), None if keys is None else keys.proofs)
    presence = _presence(settings, redis_url, inbox, hosts, signatures, keys)
    intake = Intake(
        redis_client(redis_url),
        inbox.put,
        most_jobs=settings.dispatch.max_in_flight,
        queue_lengths=lambda: presence.queue_lengths,
        true_id=disguise.true_id,
        signer_of=None if signatures is None else signatures.signer,
    )
    try:
        yield OpenBroker(
            dispatcher=dispatcher,
            threads=(dispatcher.thread, intake.thread, presence.thread, hosts.thread),
            hosts=hosts,
            in_redis=InRedis(
                lambda: presence.queue_lengths,
                lambda: presence.slots.free,
                lambda: presence.slots.busy,
                lambda: presence.idle.by_host,
                signatures=lambda: {} if signatures is None else signatures.counts,
            ),
        )
    finally:
        hosts.close()
        presence.close()
        intake.close()
        dispatcher.close()


def _presence(
    settings: Settings,
    redis_url: str,
    inbox: Inbox,
    hosts: HostOrders,
    signatures: ResultSignatures | None,
    keys: KeyRing | None,
) -> PresenceWatch:
    return PresenceWatch(
        redis_client(redis_url),
        inbox.put,
        inbox.put,
        knows_kind=None if signatures is None else signatures.knows_kind,
        keys=dict if keys is None else keys.proofs,
        # where what no host qualifies for is refused, so is the help of hosts that don't qualify
        open_to_all=hosts.open_to_all if settings.dispatch.unserved == "run" else lambda _: None,
    )


def _dispatcher(
    settings: Settings, redis_url: str, inbox: Inbox, disguise: Disguise, keys: KeyRing | None
) -> Dispatcher:
    # a lost message costs each of its jobs an attempt, so jobs with a single attempt are sent alone
    bundle_ms = settings.dispatch.bundle_ms if settings.dispatch.max_attempts > 1 else 0.0
    return Dispatcher(
        make_app(settings, redis_url),
        redis_client(redis_url),
        inbox.put,
        warn=inbox.put,
        bundle_ms=bundle_ms,
        disguise=disguise,
        keys=keys,
    )
