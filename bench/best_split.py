"""The most jobs a second that two groups of unlike hosts can compute of a mix, whoever computes which. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Hosts of one kind."""

    #: cores that they may use together
    cores: float
    #: CPU seconds that they need for a job of each type
    costs: Mapping[str, float]

    def seconds(self, mix: Mapping[str, float]) -> float:
        """Seconds for so many jobs of each type."""
        return sum(self.costs[name] * jobs for name, jobs in mix.items()) / self.cores


def best_rate(mix: Mapping[str, float], one: Group, other: Group) -> float:
    """Jobs a second if each job goes to where the shares of the mix, which sum up to 1, are done soonest.

    That is a linear program of two rows: the types at which `one` is quickest, compared with `other`, go to it.
    """
    left = dict(mix)
    moved = dict.fromkeys(mix, 0.0)
    for name in sorted(mix, key=lambda name: one.costs[name] / other.costs[name], reverse=True):
        behind_s = one.seconds(left) - other.seconds(moved)
        if behind_s <= 0:
            break
        # a job that moves takes time from the one and gives it to the other
        part = behind_s / (one.costs[name] / one.cores + other.costs[name] / other.cores)
        part = min(part, left[name])
        left[name] -= part
        moved[name] += part
    return 1 / max(one.seconds(left), other.seconds(moved))


def shared_rate(mix: Mapping[str, float], one: Group, other: Group) -> float:
    """Jobs a second if all take from one queue, so that each computes the whole mix."""
    return 1 / one.seconds(mix) + 1 / other.seconds(mix)
