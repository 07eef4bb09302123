"""The settings tree: all settings of a farm as one frozen value.

One file: what contradicts what is checked over the whole tree.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from config.alert_section import AlertSettings
from config.audit_section import AuditSettings
from config.dispatch_section import DispatchSettings
from config.limits_section import LimitSettings
from config.lists import split_list
from config.miner_tables import MinerCount, at_servers, miner_problems
from config.redis_address import read_redis_url
from config.schedule_section import ScheduleSettings
from config.sections import (
    BackoffSettings,
    Cores,
    EarningSettings,
    Finite,
    FlowerSettings,
    GpuMb,
    GpuModel,
    HomePath,
    Host,
    HttpSettings,
    LogSettings,
    MinerId,
    MinerSettings,
    OutputSettings,
    WebSettings,
)
from config.server_tables import BudgetSettings, FailoverSettings, ServerChoice, ServerSettings, table_problems
from config.servers import ledger_url, refused_as_plain, server_url
from config.time_zones import zone_name
from config.worker_section import WorkerSettings

ENV_PREFIX, NESTED = "FLEET_", "__"
#: pydantic's `type` for the error whose context lists problems that concern several fields
CROSS_FIELD = "cross_field"

SIMULATED_MINERS, _VISIBILITY_FACTOR = 8, 3


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of this farm's state: neonet-fleet in $XDG_STATE_HOME, else in ~/.local/state.

    A user without a home, as in a container with an arbitrary user id, gets the folder that the image and systemd use.
    """
    base = environ.get("XDG_STATE_HOME", "")
    # The XDG specification says to ignore relative paths.
    if base.startswith("/"):
        return Path(base) / "neonet-fleet"
    try:
        return Path.home() / ".local" / "state" / "neonet-fleet"
    except RuntimeError:
        return Path("/var/lib/neonet-fleet")


def _checked_redis(secret: SecretStr) -> SecretStr:
    read_redis_url(secret.get_secret_value())
    return secret


def _checked_ledger(secret: SecretStr) -> SecretStr:
    ledger_url(secret.get_secret_value())
    return secret


class Settings(BaseSettings):
    """All settings of a farm.

    Built from its arguments alone; `config.load.load` reads the environment and the files.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=NESTED,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    server: ServerChoice | None = Field(
        None,
        description="URL of the NeoNet server, or [[server]] tables; unset: a simulator, whose rewards are not real.",
        examples=["https://neonet.example.com"],
    )
    server_name: Annotated[str, StringConstraints(pattern=r"^\S{1,200}$")] | None = Field(
        None,
        description="Name of the server in the ledger, kept when its URL changes; unset: its URL.",
        examples=["neonet-main"],
    )
    allow_plain_http: Annotated[tuple[Host, ...], NoDecode, BeforeValidator(split_list)] = Field(
        (),
        description="Other hosts for which plain http is allowed, e.g. on a network of your own.",
        examples=[["neonet.lan"]],
    )
    miners: MinerCount | None = Field(
        None,
        description="How many miners, or auto: as many as earn the most; unset: 8 on the simulator, auto on a server.",
        examples=[8, "auto"],
    )
    most_miners: int = Field(32, ge=1, le=100_000, description="Most miners that auto opens.")
    miner_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,48}$")] | None = Field(
        None, description="Start of the ids of numbered miners; unset: ids are made and remembered.", examples=["rig-"]
    )
    id: MinerId | None = Field(
        None, description="The id of the only miner. Not with [[miner]] or miners above 1.", examples=["my_miner_001"]
    )
    cpu: Cores | None = Field(None, description="CPU cores that each miner registers; unset: the hosts'.", examples=[8])
    gpu_mem: GpuMb | None = Field(None, description="GPU memory in MB, likewise; 0: no GPU.", examples=[24576])
    gpu_model: GpuModel | None = Field(None, description="GPU model, likewise.", examples=["RTX 4090"])
    register_provider: bool = Field(
        False, description="Describe the hosts' hardware to the server, once in each start of the coordinator."
    )
    state_dir: HomePath = Field(
        default_factory=lambda: default_state_dir(os.environ),
        description="Folder of the ledger, the ids that were made, and the lock; by default under $XDG_STATE_HOME.",
        examples=["~/.local/state/neonet-fleet"],
    )
    head_url: Annotated[str, AfterValidator(server_url)] | None = Field(
        None,
        description="Where the ledger's heads are posted as JSON at the end of each run; unset: nowhere.",
        examples=["https://heads.example.com/farm"],
    )
    alive_file: HomePath | None = Field(
        None,
        description="File that the coordinator writes, empty while all is well, for a health check; unset: none.",
        examples=["/tmp/fleet-coordinator.alive"],  # noqa: S108 - the path in a read-only container
    )
    redis_url: Annotated[SecretStr, AfterValidator(_checked_redis)] | None = Field(
        None,
        description="URL of the Redis between coordinator and workers; unset: `fleet up` starts one.",
        examples=["redis://:a-long-password@10.0.0.5:6379/0"],
    )
    ledger_url: Annotated[SecretStr, AfterValidator(_checked_ledger)] | None = Field(
        None,
        description="SQLAlchemy URL of the ledger; unset: SQLite in state_dir.",
        examples=["postgresql+psycopg://fleet:a-long-password@db.lan/fleet"],
    )
    heartbeat_s: Finite = Field(
        30.0, ge=30, le=3_600, description="Seconds between two heartbeats of a miner; servers ask for at least 30."
    )
    reconcile_every_s: Finite = Field(
        600.0, ge=0, le=86_400, description="Seconds between comparisons of booked sums with the server's; 0 for none."
    )
    time_zone: Annotated[str, AfterValidator(zone_name)] = Field(
        "UTC", description="Time zone of the days in reports, by its name, e.g. Europe/Berlin."
    )
    one_core: bool = Field(
        True, description="Keep the coordinator on one CPU core, where its threads switch faster (Linux)."
    )
    drain_s: Finite = Field(
        20.0,
        ge=0,
        le=86_400,
        description="Seconds that open jobs may take at a stop; up to 90 if the request limit is used up.",
    )
    give_up_s: Finite | None = Field(
        None,
        ge=0,
        le=86_400,
        description="Seconds without any job after which a new farm ends; 0: never; unset: 120 for `fleet up`.",
        examples=[120],
    )
    visibility_timeout_s: Finite = Field(
        120.0,
        ge=10,
        le=604_800,
        description="Seconds until Redis gives an unacknowledged job away; at least 3 × worker.time_limit_s.",
    )

    http: HttpSettings = Field(default_factory=HttpSettings, description="Calls to the NeoNet server.")
    budget: BudgetSettings = Field(default_factory=BudgetSettings, description="Requests that the server takes.")
    failover: FailoverSettings = Field(default_factory=FailoverSettings, description="When priorities change over.")
    backoff: BackoffSettings = Field(default_factory=BackoffSettings, description="Waits after failed calls.")
    dispatch: DispatchSettings = Field(default_factory=DispatchSettings, description="Jobs on their way to workers.")
    audit: AuditSettings = Field(default_factory=AuditSettings, description="Results that another host checks.")
    worker: WorkerSettings = Field(default_factory=WorkerSettings, description="How a worker host computes.")
    flower: FlowerSettings = Field(default_factory=FlowerSettings, description="The Flower that `fleet up` starts.")
    log: LogSettings = Field(default_factory=LogSettings, description="What is logged to stderr.")
    earning: EarningSettings = Field(default_factory=EarningSettings, description="Prices for `fleet advise`.")
    output: OutputSettings = Field(default_factory=OutputSettings, description="What `fleet up` prints.")
    web: WebSettings = Field(default_factory=WebSettings, description="What is served to programs on this machine.")
    alerts: AlertSettings = Field(default_factory=AlertSettings, description="Messages about what is wrong.")
    limits: LimitSettings = Field(default_factory=LimitSettings, description="When a worker host computes.")
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings, description="When the farm mines.")
    miner: tuple[MinerSettings, ...] = Field((), description="Miners by name, one [[miner]] table each.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the names are pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the arguments alone: `config.load` merges the sources itself, to know each value's origin."""
        return (init_settings,)

    @property
    def simulated(self) -> bool:
        """Whether no server is set, so that the farm mines on the simulator and no reward is real."""
        return self.server is None

    @property
    def servers(self) -> tuple[ServerSettings, ...]:
        """The servers to mine at: the only one, or those of the [[server]] tables; none on the simulator."""
        if isinstance(self.server, str):
            return (ServerSettings(name="server", url=self.server, account=self.server_name),)
        return self.server or ()

    @property
    def auto(self) -> bool:
        """Whether the farm opens as many miners as earn most: on a server unless miners are named or counted."""
        named = bool(self.miner) or self.id is not None
        return self.miners == "auto" or (self.miners is None and not named and not self.simulated)

    @property
    def miner_count(self) -> int:
        """The miners named, else the given count, else 8 on the simulator or all that auto may open, at all servers."""
        if self.miner:
            return len(self.miner)
        if self.id is not None:
            return 1
        if self.auto:
            return self.most_miners * max(len(self.servers), 1)
        if isinstance(self.miners, int):
            return self.miners * max(len({server.priority for server in self.servers}), 1)
        return SIMULATED_MINERS

    @model_validator(mode="after")
    def _agree(self) -> Self:
        problems = [*_server_problems(self), *_miner_problems(self), *_time_problems(self)]
        if problems:
            raise PydanticCustomError(CROSS_FIELD, "settings contradict each other", {"problems": problems})
        return self


def _server_problems(settings: Settings) -> Iterator[tuple[str, str]]:
    for host in filter(None, (refused_as_plain(one.url, settings.allow_plain_http) for one in settings.servers)):
        leave = f"{ENV_PREFIX}ALLOW_PLAIN_HTTP={host}"
        yield "server", f"plain http to {host}, another machine, is refused; use https, or allow it by name: {leave}"
    if isinstance(settings.server, tuple):
        alone = {"server_name": settings.server_name, "id": settings.id, "miner_prefix": settings.miner_prefix}
        yield from table_problems(settings.server, {name for name, value in alone.items() if value is not None})


def _miner_problems(settings: Settings) -> Iterator[tuple[str, str]]:
    counted = settings.miners if isinstance(settings.miners, int) else None
    yield from miner_problems(settings.miner)
    yield from at_servers(
        settings.miner, settings.server if isinstance(settings.server, tuple) else (), counted=counted
    )
    for name, value in (("id", settings.id), ("miners", counted)):
        if settings.miner and value is not None:
            yield name, "can't be combined with [[miner]] tables, which name the miners; drop one of the two"
    if settings.id is not None and (counted or 1) > 1:
        yield "miners", "can't be above 1 with an id, which names one miner; use miner_prefix for several"


def _time_problems(settings: Settings) -> Iterator[tuple[str, str]]:
    worker = settings.worker
    if worker.soft_time_limit_s >= worker.time_limit_s:
        yield "worker.soft_time_limit_s", f"must be below worker.time_limit_s, which is {worker.time_limit_s:g} s"
    if settings.backoff.floor_s > settings.backoff.cap_s:
        yield "backoff.floor_s", f"must not be above backoff.cap_s, which is {settings.backoff.cap_s:g} s"
    if settings.http.connect_timeout_s > settings.http.call_deadline_s:
        yield "http.connect_timeout_s", f"must not be above http.call_deadline_s: {settings.http.call_deadline_s:g} s"
    least_s = _VISIBILITY_FACTOR * worker.time_limit_s
    if settings.visibility_timeout_s < least_s:
        bound = f"{_VISIBILITY_FACTOR} × worker.time_limit_s, {least_s:g} s"
        yield "visibility_timeout_s", f"must be at least {bound}, or Redis gives away a job still being computed"
