"""Answers what is paused, and by which controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fleet.control.control import FARM, Action, Control, Source, Target, TargetKind


class Controls:
    """The controls in force. A thing is paused while any control that covers it pauses it."""

    def __init__(self, controls: Iterable[Control] = ()) -> None:
        self._all = {(one.target, one.source): one for one in controls}

    def __iter__(self) -> Iterator[Control]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Controls) and self._all == other._all

    __hash__ = None  # type: ignore[assignment]  # compared, never kept in a set

    def get(self, target: Target, source: Source) -> Control | None:
        """The control of this source on exactly this target."""
        return self._all.get((target, source))

    def on(self, target: Target) -> Control | None:
        """The strictest control on exactly this target."""
        return strictest(one for one in self if one.target == target)

    def covering(self, targets: Iterable[Target]) -> tuple[Control, ...]:
        """All controls on any of these targets."""
        wanted = set(targets)
        return tuple(one for one in self if one.target in wanted)

    def of_miner(self, name: str, tags: Iterable[str] = (), server: str = "") -> Control | None:
        """The strictest control that pauses a miner: its own, or one of its tags, of its server, of the farm."""
        return strictest(self.covering(miner_targets(name, tags, server)))

    def of_host(self, name: str) -> Control | None:
        """The strictest control on a worker host. A paused farm leaves its hosts as they are: they get no jobs."""
        return self.on(Target(kind=TargetKind.HOST, name=name))

    def names(self, kind: TargetKind) -> dict[str, Control]:
        """The names of this kind that a control is on, each with the strictest."""
        found = {one.target.name: self.on(one.target) for one in self if one.target.kind is kind}
        return {name: control for name, control in found.items() if control is not None}

    def ended(self, now_ms: int) -> tuple[Control, ...]:
        """The controls whose time is over."""
        return tuple(one for one in self if one.ended(now_ms))

    def next_end_ms(self) -> int | None:
        """When the next control ends by itself; None if none does."""
        return min((one.until_ms for one in self if one.until_ms is not None), default=None)


def miner_targets(name: str, tags: Iterable[str] = (), server: str = "") -> tuple[Target, ...]:
    """All targets that a miner belongs to."""
    return (
        Target(kind=TargetKind.MINER, name=name),
        *(Target(kind=TargetKind.TAG, name=tag) for tag in tags),
        *((Target(kind=TargetKind.SERVER, name=server),) if server else ()),
        FARM,
    )


def strictest(controls: Iterable[Control]) -> Control | None:
    """The control that stops sessions first; of equals, a drain, then the one that lasts longest."""
    return max(controls, key=_strictness, default=None)


def _strictness(one: Control) -> tuple[float, bool, float]:
    stops_at, until = one.stops_at_ms, one.until_ms
    return (
        float("-inf") if stops_at is None else -stops_at,
        one.action is Action.DRAIN,
        float("inf") if until is None else until,
    )
