"""The section of the settings tree for the farm's own schedule, which the coordinator follows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.hours import check_least_on
from config.limits_section import Hours
from config.sections import Finite, HomePath, Section
from config.servers import server_url


class ScheduleSettings(Section):
    """When the farm mines; outside these times the coordinator pauses it."""

    hours: Hours = Field(
        (),
        description="Parts of the week in which the farm mines, in time_zone; empty: always.",
        examples=[["mon-fri 22:00-06:00", "sat-sun 00:00-24:00"]],
    )
    least_on_s: Finite = Field(
        600.0, ge=0, le=86_400, description="The farm does not begin to mine for a shorter time than this, in seconds."
    )

    price_file: HomePath | None = Field(
        None,
        description="JSON file with the price of power over time; unset: none.",
        examples=["~/power-prices.json"],
    )
    price_url: Annotated[str, AfterValidator(server_url)] | None = Field(
        None,
        description="Where the same JSON is fetched every quarter of an hour; unset: nowhere.",
        examples=["https://prices.example.com/today.json"],
    )
    price_max: Finite | None = Field(
        None,
        ge=-1e6,
        le=1e6,
        description="The farm pauses while a kWh costs more than this, in the unit of those prices.",
        examples=[0.30],
    )
    price_unknown: Literal["mine", "pause"] = Field(
        "pause", description="What the farm does while no price is known: mine or pause."
    )

    @property
    def limited(self) -> bool:
        """Whether the farm may have to pause at some time."""
        return bool(self.hours) or self.price_max is not None

    @model_validator(mode="after")
    def _lets_it_run(self) -> ScheduleSettings:
        check_least_on(self.hours, self.least_on_s, "the farm would never mine")
        return self

    @model_validator(mode="after")
    def _has_one_source(self) -> ScheduleSettings:
        if self.price_file is not None and self.price_url is not None:
            raise ValueError("price_file and price_url are both set; the prices come from one of them")
        named = self.price_file is not None or self.price_url is not None
        if named and self.price_max is None:
            raise ValueError("prices are named, but no price_max above which the farm pauses")
        if self.price_max is not None and not named:
            raise ValueError("price_max is set, but neither price_file nor price_url")
        return self
