"""The section of the settings tree for a worker host's own limits, which hold without the coordinator."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from config.hours import window_of
from config.lists import split_list
from config.sections import Finite, Section


def _windows(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        window_of(text)
    return texts


#: parts of the week, as a list or separated by commas
Hours = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list), AfterValidator(_windows)]


class LimitSettings(Section):
    """When a worker host computes, whatever the coordinator says."""

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
