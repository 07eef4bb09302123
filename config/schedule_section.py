"""The section of the settings tree for the farm's own schedule, which the coordinator follows."""

from __future__ import annotations

from pydantic import Field, model_validator

from config.hours import longest_min, window_of
from config.limits_section import Hours
from config.sections import Finite, Section


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

    @model_validator(mode="after")
    def _lets_it_run(self) -> ScheduleSettings:
        longest_s = 60 * longest_min([window_of(text) for text in self.hours])
        if self.hours and longest_s < self.least_on_s:
            raise ValueError(
                f"its hours last {longest_s} s at most and least_on_s is {self.least_on_s:g}, "
                "so the farm would never mine; lower least_on_s, or name longer hours"
            )
        return self
