"""The sections of the settings tree: one frozen model each, every field with its unit, bounds and default.

One file: a reader compares the sections, and the example file follows their order.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from config.servers import proxy_url, server_name, server_url


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as exc:
        raise ValueError("begins with ~, and that user has no home folder: write the whole path") from exc


MinerId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._-]{1,64}$")]
MinerName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._-]{1,40}$")]
ServerName = Annotated[str, AfterValidator(server_name)]
Host = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9._:-]{1,253}$")]
Interface = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:%-]{1,64}$")]
UrlPrefix = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$", max_length=200)
]
HomePath = Annotated[Path, AfterValidator(_at_home)]
Cores = Annotated[int, Field(ge=1, le=4_096)]
GpuMb = Annotated[int, Field(ge=0, le=4_194_304)]
GpuModel = Annotated[str, StringConstraints(max_length=200)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def _user_and_password(secret: SecretStr) -> SecretStr:
    user, colon, password = secret.get_secret_value().partition(":")
    if not (user and colon and password):
        raise ValueError("must be of the form user:password")
    return secret


def _only_this_machine(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def checked_proxy(secret: SecretStr) -> SecretStr:
    return SecretStr(proxy_url(secret.get_secret_value()))


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Section(BaseModel):
    """Base of all sections: frozen, and without room for unknown names."""

    # the validator of `Settings` checks all sections; one of each by itself is built if it is ever needed
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class MinerSettings(Section):
    """One miner named in `fleet.toml`, and the hardware that it registers."""

    id: MinerId = Field(
        description="The miner's id at the server, which ignores case: its wallet, so keep it secret.",
        examples=["neo15f0c3b9a7e2d4816a0b1c2d3e4f5061728394a5b"],
    )
    name: MinerName | None = Field(
        None,
        description="Shown everywhere in place of the id; unset: the id's first and last four characters.",
        examples=["garage-1"],
    )
    server: ServerName | None = Field(
        None,
        description="Name of the [[server]] table that it mines at; needed where there are several.",
        examples=["main"],
    )
    pinned: bool = Field(True, description='Whether `miners = "auto"` always keeps it open.')
    cpu_cores: Cores | None = Field(
        None, description="CPU cores that it registers; unset: those of the farm's largest host.", examples=[16]
    )
    gpu_memory_mb: GpuMb | None = Field(
        None,
        description="GPU memory in MB that it registers; 0: no GPU; unset: that of the hosts' largest GPU.",
        examples=[24576],
    )
    gpu_model: GpuModel | None = Field(
        None, description="GPU model that it registers; unset: that of the same GPU.", examples=["RTX 4090"]
    )
    tags: tuple[str, ...] = Field(
        (),
        description="Labels of your own, not sent to the server, for `fleet rewards --by tag`.",
        examples=[["garage"]],
    )


class HttpSettings(Section):
    """How calls to the NeoNet server are made."""

    connect_timeout_s: Finite = Field(5.0, ge=0.1, le=120, description="Seconds to wait for a connection.")
    call_deadline_s: Finite = Field(
        15.0, ge=0.5, le=600, description="Seconds that a call may take, from the connection to the last byte."
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1_024, le=67_108_864, description="Longest answer, unpacked, in bytes; a longer one is refused."
    )
    connections: int = Field(64, ge=1, le=256, description="Connections to the server, and so calls at the same time.")
    engine: Literal["auto", "requests", "curl"] = Field(
        "auto",
        description="Library for the miners' calls; auto: curl if pycurl is installed, otherwise requests.",
    )
    proxy: Annotated[SecretStr, AfterValidator(checked_proxy)] | None = Field(
        None,
        description="http:// URL of a proxy to the server; env: as HTTPS_PROXY and NO_PROXY say; unset: none.",
        examples=["http://user:a-long-password@proxy.lan:3128"],
    )
    interface: Interface | None = Field(
        None,
        description="Interface or address of this machine that calls leave by; unset: as the system routes them.",
        examples=["eth1", "192.0.2.7"],
    )
    ca_file: HomePath | None = Field(
        None,
        description="PEM file of authorities that may sign the server's certificate; unset: certifi's.",
        examples=["/etc/ssl/certs/ca-certificates.crt"],
    )


class BackoffSettings(Section):
    """How long a miner waits after a failed call."""

    floor_s: Finite = Field(
        1.0, ge=1, le=3_600, description="Shortest wait in seconds; the first wait is at most twice as long."
    )
    cap_s: Finite = Field(60.0, ge=1, le=86_400, description="Longest wait in seconds.")


class FlowerSettings(Section):
    """The Flower that `fleet up` starts."""

    enabled: bool = Field(True, description="Whether `fleet up` starts Flower.")
    address: Host = Field("127.0.0.1", description="Address that Flower listens on.")
    port: int = Field(5555, ge=1, le=65_535, description="Port that Flower listens on.")
    url_prefix: UrlPrefix = Field(
        "", description="Path under which a proxy serves Flower, without slashes at its ends; unset: none."
    )
    max_tasks: int = Field(10_000, ge=100, le=1_000_000, description="Jobs that Flower remembers, at 9 KB each.")
    basic_auth: Annotated[SecretStr, AfterValidator(_user_and_password)] | None = Field(
        None, description="The user:password that Flower asks for; unset: none.", examples=["farmer:a-long-password"]
    )


class LogSettings(Section):
    """The log on stderr."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="Lowest level that is logged: DEBUG, INFO, WARNING or ERROR."
    )
    format: Literal["text", "json"] = Field("text", description="text for people, json for one object a line.")


class EarningSettings(Section):
    """What `fleet advise` knows of prices, which no server states."""

    nnet_price: Finite | None = Field(
        None,
        ge=0,
        le=1e9,
        description="What one NNET is worth; unset: `fleet advise` shows NNET alone.",
        examples=[0.02],
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,8}$")] = Field(
        "EUR", description="The currency of the prices in this section."
    )
    watts_per_core: Finite | None = Field(
        None,
        ge=0,
        le=1_000,
        description="Watts that a core of a worker host draws while it computes; unset: no power is shown.",
        examples=[9.5],
    )
    power_price_kwh: Finite | None = Field(
        None, ge=0, le=1e6, description="What one kWh costs; unset: power costs nothing.", examples=[0.30]
    )


class WebSettings(Section):
    """The farm's page and its metrics, which the coordinator serves."""

    port: int = Field(
        8080, ge=0, le=65_535, description="Port that serves the page, and /metrics for Prometheus; 0: none does."
    )
    address: Host = Field("127.0.0.1", description="Address that it listens on; any but loopback needs a password.")
    basic_auth: Annotated[SecretStr, AfterValidator(_user_and_password)] | None = Field(
        None, description="The user:password that the page asks for; unset: none.", examples=["farmer:a-long-password"]
    )
    names: tuple[Host, ...] = Field(
        (),
        description="Further host names by which it may be asked, e.g. that of a proxy.",
        examples=[["farm.example.com"]],
    )
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        None,
        description="Token that a Prometheus elsewhere shows at metrics_address; unset: nothing listens there.",
        examples=["a-long-random-token"],
    )
    metrics_address: Host = Field("127.0.0.1", description="Address on which /metrics is served to that token.")
    metrics_port: int = Field(9808, ge=1, le=65_535, description="Port on that address.")

    @model_validator(mode="after")
    def _guarded(self) -> WebSettings:
        if self.port and self.basic_auth is None and not _only_this_machine(self.address):
            raise ValueError(f"address {self.address} can be reached from elsewhere: set basic_auth, too")
        return self


class OutputSettings(Section):
    """What the coordinator prints, and what it sends to a collector of traces."""

    job_lines_per_s: int = Field(
        20, ge=0, le=10_000, description="Lines about single jobs in a second; more are replaced by a sum."
    )
    status_every_s: Finite = Field(30.0, ge=1, le=86_400, description="Seconds between two status lines.")
    color: Literal["auto", "always", "never"] = Field(
        "auto", description="auto: colour on a terminal, unless NO_COLOR is set."
    )
    traces_url: Annotated[str, AfterValidator(server_url)] | None = Field(
        None,
        description="Where an OpenTelemetry span of each job is sent, by OTLP over HTTP; unset: nowhere.",
        examples=["http://127.0.0.1:4318/v1/traces"],
    )
