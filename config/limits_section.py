"""The section of the settings tree for a worker host's own limits, which hold without the coordinator."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from config.hours import check_least_on, window_of
from config.lists import split_list
from config.sections import Finite, Section


def _windows(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        window_of(text)
    return texts


#: parts of the week, as a list or separated by commas
Hours = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list), AfterValidator(_windows)]


class LimitSettings(Section):
    """When a worker host computes and how much of it, whatever the coordinator says."""

    hours: Hours = Field(
        (),
        description="Parts of the week in which this host computes, in time_zone; empty: always.",
        examples=[["mon-fri 22:00-06:00", "sat-sun 00:00-24:00"]],
    )
    on_battery: bool = Field(True, description="Whether this host computes while it runs on its battery.")
    hot_c: Finite | None = Field(
        None,
        ge=30,
        le=150,
        description="Degrees Celsius of its hottest sensor at which it pauses, until 5 less; unset: never.",
        examples=[85],
    )
    busy_percent: Finite | None = Field(
        None,
        ge=1,
        le=100,
        description="Percent of its CPU that other programs may use before it pauses, until half of that; unset: all.",
        examples=[40],
    )
    after_s: Finite = Field(
        60.0, ge=0, le=86_400, description="Seconds that heat or other programs must last before it pauses, or goes on."
    )
    idle_s: Finite | None = Field(
        None,
        ge=10,
        le=86_400,
        description="Seconds without input at this host before it computes; unset: it computes while it is used.",
        examples=[300],
    )
    least_on_s: Finite = Field(
        0.0,
        ge=0,
        le=86_400,
        description="Seconds that it computes at least, once it has begun: other programs don't pause it before.",
    )
    least_off_s: Finite = Field(
        0.0, ge=0, le=86_400, description="Seconds that it pauses at least, once it does, but for the hours."
    )
    cpu_percent: Finite | None = Field(
        None,
        ge=10,
        le=100,
        description="Percent of its cores that its worker uses at most, resting between jobs; unset: all.",
        examples=[50],
    )

    @model_validator(mode="after")
    def _lets_it_run(self) -> LimitSettings:
        check_least_on(self.hours, self.least_on_s, "the host would never compute")
        return self
