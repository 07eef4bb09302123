"""The section of the settings tree for alerts: which services get messages, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from config.sections import Finite, Section

_CLOCK = r"([01]?[0-9]|2[0-3]):[0-5][0-9]"
_TIME_OF_DAY, _QUIET = rf"^({_CLOCK})?$", rf"^({_CLOCK}-{_CLOCK})?$"


def _words(secret: SecretStr) -> SecretStr:
    for word in secret.get_secret_value().split():
        if "://" not in word:
            raise ValueError("must be URLs of the form service://…, separated by blanks")
    return secret


class AlertSettings(Section):
    """Messages about what is wrong. They need the extra `alerts`."""

    urls: Annotated[SecretStr, AfterValidator(_words)] | None = Field(
        None,
        description="Apprise URLs of the services that get messages, separated by blanks; unset: none.",
        examples=["ntfys://ntfy.sh/a-long-secret-topic mailtos://user:a-long-password@example.com"],
    )
    farm: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)] = Field(
        "", description="What messages call this farm; empty: NeoNet farm."
    )
    severity: Literal["warn", "fail"] = Field(
        "warn", description="Least severity that is sent; fail: only what stops something."
    )
    group_s: Finite = Field(
        20.0, ge=0, le=86_400, description="Seconds that changes are collected, to be sent in one message."
    )
    most_per_hour: int = Field(6, ge=1, le=1_000, description="Messages in an hour; what is more waits for the next.")
    quiet_hours: Annotated[str, StringConstraints(pattern=_QUIET)] = Field(
        "", description="Part of the day without messages, in time_zone; empty: none.", examples=["22:00-07:00"]
    )
    daily_at: Annotated[str, StringConstraints(pattern=_TIME_OF_DAY)] = Field(
        "", description="Time of the daily report, in time_zone; empty: none.", examples=["08:00"]
    )
    timeout_s: Finite = Field(30.0, ge=1, le=600, description="Seconds that a service may take for a message.")
