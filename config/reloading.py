"""Which settings a running farm takes over when its settings are read again, and which need a restart, and of what."""

from __future__ import annotations

from enum import StrEnum


class Takes(StrEnum):
    """What it takes until a changed setting counts."""

    #: the coordinator takes it when it reads its settings again; no session ends but those of changed miners
    RELOAD = "reload"
    #: commands read it each time they are called, and nothing else does
    COMMANDS = "commands"
    COORDINATOR = "restart of the coordinator"
    #: of all workers, on each host
    WORKERS = "restart of the workers"
    FLOWER = "restart of Flower"
    #: coordinator, workers and Flower have to agree on it
    ALL = "restart of every part"

    @property
    def short(self) -> str:
        """The first word, for a narrow column."""
        return self.value.split()[0]


#: dotted names of settings; those of a table's fields follow the name of the table: `miner.tags`
_TAKES: dict[Takes, str] = {
    Takes.RELOAD: """
        miners most_miners miner_prefix id cpu gpu_mem gpu_model drain_s log.level
        failover.after_s failover.back_s output.job_lines_per_s output.status_every_s
        alerts.urls alerts.farm alerts.severity alerts.group_s alerts.most_per_hour alerts.quiet_hours alerts.daily_at
        alerts.timeout_s server.weight
        miner.id miner.name miner.pinned miner.cpu_cores miner.gpu_memory_mb miner.gpu_model miner.tags
    """,
    Takes.COMMANDS: "earning.nnet_price earning.currency earning.watts_per_core earning.power_price_kwh",
    Takes.COORDINATOR: """
        server server_name allow_plain_http register_provider state_dir head_url alive_file ledger_url heartbeat_s
        reconcile_every_s time_zone one_core give_up_s
        http.connect_timeout_s http.call_deadline_s http.max_body_bytes http.connections http.engine http.proxy
        http.interface http.ca_file budget.requests budget.window_s backoff.floor_s backoff.cap_s
        dispatch.redispatch_s dispatch.max_attempts dispatch.max_unanswered dispatch.max_in_flight
        dispatch.max_free_jobs_per_miner dispatch.bundle_ms dispatch.keys_file
        dispatch.unsigned dispatch.unserved audit.share audit.keep_mb output.color output.traces_url
        web.port web.address web.basic_auth web.names web.metrics_token web.metrics_address web.metrics_port
        server.name server.url server.account server.priority server.requests server.window_s server.interface
        server.proxy miner.server schedule.hours schedule.least_on_s
        schedule.price_file schedule.price_url schedule.price_max schedule.price_unknown
    """,
    Takes.WORKERS: """
        worker.concurrency worker.name worker.cpu_cores worker.gpu_memory_mb worker.key worker.prefetch
        worker.max_payload_bytes worker.heartbeat_file worker.events worker.gpu
        worker.max_tasks_per_child worker.max_memory_per_child_mb
        limits.hours limits.on_battery limits.hot_c limits.busy_percent limits.after_s
        limits.idle_s limits.least_on_s limits.least_off_s limits.cpu_percent
    """,
    Takes.FLOWER: """
        flower.enabled flower.address flower.port flower.url_prefix flower.max_tasks flower.basic_auth
    """,
    Takes.ALL: "redis_url visibility_timeout_s worker.soft_time_limit_s worker.time_limit_s log.format",
}

#: what each setting takes, by its dotted name
TAKES: dict[str, Takes] = {name: takes for takes, names in _TAKES.items() for name in names.split()}
