"""Builds the Celery app from the settings, the same for coordinator, workers and Flower."""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu.entity import Queue

from config.celery_variables import forget_celery_variables
from config.redis_address import read_redis_url
from config.settings import Settings
from tasks.broker.redis_client import tls_options
from tasks.broker.transport import use_for_redis
from tasks.job_queues import TAKEN_QUEUES
from tasks.messages import JOBS_QUEUE

_BACKEND = "tasks.worker.backend.StreamBackend"


def make_app(settings: Settings, redis_url: str) -> Celery:
    """A Celery app on `redis_url` (redis:// or rediss://, credentials included) with every relevant setting.

    Losing a message costs time, never money, since the coordinator re-dispatches from its ledger. So nothing here is
    tuned for at-most-once. A lost child is reported as a failure (`task_reject_on_worker_lost` off), because the
    coordinator counts attempts and Celery would requeue a poison task for ever.
    """
    forget_celery_variables()
    use_for_redis()
    address = read_redis_url(redis_url)
    app = Celery("neonet")
    app.conf.update(
        broker_url=address.bare_url,
        broker_use_ssl=tls_options(address),
        broker_transport_options=_transport_options(settings),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        result_backend=f"{_BACKEND}+{address.url}",
        result_backend_always_retry=True,
        event_queue_expires=60,
        event_queue_ttl=5,
        **_task_options(settings),
        **_worker_options(settings),
    )
    return app


def _transport_options(settings: Settings) -> dict[str, Any]:
    return {
        # must be the same in every process on this Redis, since the shortest one applies
        "visibility_timeout": settings.visibility_timeout_s,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "priority_steps": [0],
        # a worker looks into its queues in the order in which it names them, its best first, and never in turn
        "queue_order_strategy": "priority",
        "socket_keepalive": True,
        "socket_connect_timeout": 3,
        "socket_timeout": 15,
        "health_check_interval": 10,
        "client_name": "neonet-fleet",
    }


def _task_options(settings: Settings) -> dict[str, Any]:
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": JOBS_QUEUE,
        "task_queues": [Queue(name, routing_key=name) for name in sorted(TAKEN_QUEUES)],  # type: ignore[no-untyped-call]
        "task_create_missing_queues": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": False,
        "task_acks_on_failure_or_timeout": True,
        "task_ignore_result": False,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
        "task_soft_time_limit": settings.worker.soft_time_limit_s,
        "task_time_limit": settings.worker.time_limit_s,
    }


def _worker_options(settings: Settings) -> dict[str, Any]:
    return {
        "worker_prefetch_multiplier": settings.worker.prefetch,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_max_tasks_per_child": settings.worker.max_tasks_per_child,
        "worker_max_memory_per_child": settings.worker.max_memory_per_child_mb * 1000,
        "worker_send_task_events": settings.worker.events,
        "worker_disable_rate_limits": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_enable_remote_control": True,
    }
