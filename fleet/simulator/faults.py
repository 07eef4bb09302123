"""The active faults: which requests they affect, and their notation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import responses
from random import Random
from typing import cast

from fleet.simulator.bans import parse_ban
from fleet.simulator.endpoints import ENDPOINTS
from fleet.simulator.errors import OptionError
from fleet.simulator.faultkinds import DATA_FLAWS, FaultKind, Stage, stage_of

JOB_ENDPOINTS = frozenset({"start-session", "task", "heartbeat"})


_DEFAULT_VALUES: Mapping[FaultKind, str] = {
    FaultKind.PAGE: "403",
    FaultKind.BLOCKED: "300",
    FaultKind.UNKNOWN_TYPE: "quantum_annealing",
    FaultKind.FLAWED_DATA: "nan",
    FaultKind.JOB_REWARD: "-1",
    FaultKind.RECEIPT_REWARD: "-1",
    FaultKind.DEADLINE: "-60",
}
_USUAL_ENDPOINTS: Mapping[FaultKind, frozenset[str]] = {
    **dict.fromkeys((kind for kind in FaultKind if stage_of(kind) is Stage.JOB), JOB_ENDPOINTS),
    FaultKind.OTHER_PAYLOAD: frozenset({"task"}),
    FaultKind.OTHER_MINER: frozenset({"task"}),
    FaultKind.RECEIPT_REWARD: frozenset({"submit-result"}),
    FaultKind.NO_SESSION: frozenset({"submit-result"}),
    FaultKind.STALE: frozenset({"contributor"}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault and the requests that it affects."""

    kind: FaultKind
    #: only these endpoints; empty: all endpoints where the kind makes sense
    endpoints: frozenset[str] = frozenset()
    #: only these miners, in lower case; empty: any
    miners: frozenset[str] = frozenset()
    #: probability with which a matching request is affected
    probability: float = 1.0
    #: number of affected requests after which the fault ends; None: no end
    count: int | None = None
    #: number of matching requests that pass first
    after: int = 0
    #: parameter of some kinds (see FaultKind)
    value: str = ""

    def __post_init__(self) -> None:
        unknown = self.endpoints - set(ENDPOINTS)
        if unknown:
            raise OptionError("fault.endpoints", ", ".join(sorted(unknown)), f"of {', '.join(ENDPOINTS)}")
        if not (math.isfinite(self.probability) and 0 <= self.probability <= 1):
            raise OptionError("fault.probability", self.probability, "0 … 1")
        if (self.count is not None and self.count < 1) or self.after < 0:
            raise OptionError("fault.count", (self.count, self.after), "count 1 or more, after 0 or more")
        if self.kind is FaultKind.FLAWED_DATA and self.text not in DATA_FLAWS:
            raise OptionError("fault.value", self.text, f"one of {', '.join(DATA_FLAWS)}")
        if self.kind is FaultKind.BLOCKED:
            parse_ban(self.text)
        if self.kind is FaultKind.PAGE and not (self.text.isdecimal() and int(self.text) in responses):
            raise OptionError("fault.value", self.text, "a status of HTTP, such as 403")

    @property
    def stage(self) -> Stage:
        """The stage at which it occurs."""
        return stage_of(self.kind)

    @property
    def text(self) -> str:
        """`value`, or the kind's default."""
        return self.value or _DEFAULT_VALUES.get(self.kind, "")

    def matches(self, endpoint: str, miner: str) -> bool:
        """Whether a request on this endpoint by this miner matches."""
        endpoints = self.endpoints or _USUAL_ENDPOINTS.get(self.kind, frozenset(ENDPOINTS))
        return endpoint in endpoints and (not self.miners or miner in self.miners)


def parse_fault(text: str) -> Fault:
    """Parse `KIND[,endpoints=A|B][,miners=A|B][,probability=P][,count=N][,after=N][,value=TEXT]`; `value` comes last.

    `roads` is an older name of `endpoints`.
    """
    head, mark, value = text.partition(",value=")
    kind, *settings = head.split(",")
    fields: dict[str, object] = {"kind": kind, **({"value": value} if mark else {})}
    for setting in settings:
        name, _, given = setting.partition("=")
        fields[name.strip()] = given.split("|") if name.strip() in {"endpoints", "roads", "miners"} else given
    return build_fault(fields)


def build_fault(fields: Mapping[str, object]) -> Fault:
    """A fault from its fields in JSON or text. Raises OptionError, which names an invalid field."""
    for name in fields:
        if name != "roads" and name not in Fault.__slots__:
            raise OptionError("fault", name, f"one of {', '.join(sorted(Fault.__slots__))}")
    try:
        kind = FaultKind(fields.get("kind"))
    except ValueError as exc:
        names = ", ".join(kind.value for kind in FaultKind)
        raise OptionError("fault.kind", fields.get("kind"), f"one of {names}") from exc
    try:
        count = fields.get("count")
        return Fault(
            kind=kind,
            endpoints=frozenset(map(str, cast("Iterable[object]", fields.get("endpoints", fields.get("roads", ()))))),
            miners=frozenset(str(name).lower() for name in cast("Iterable[object]", fields.get("miners", ()))),
            probability=float(cast("str", fields.get("probability", 1.0))),
            count=None if count is None else int(cast("str", count)),
            after=int(cast("str", fields.get("after", 0))),
            value=str(fields.get("value", "")),
        )
    except (TypeError, ValueError) as exc:
        raise OptionError("fault", dict(fields), "numbers in probability, count and after, lists in the rest") from exc


class FaultTable:
    """The active faults, and how often each one struck."""

    def __init__(self, faults: Iterable[Fault], rng: Random) -> None:
        self._rng = rng
        self.set(faults)

    def set(self, faults: Iterable[Fault]) -> None:
        """Replace all faults; counts begin at 0."""
        self._faults = tuple(faults)
        self._seen = [0] * len(self._faults)
        self._struck = [0] * len(self._faults)

    def add(self, faults: Iterable[Fault]) -> None:
        """Add faults; the others keep their counts."""
        more = tuple(faults)
        self._faults += more
        self._seen += [0] * len(more)
        self._struck += [0] * len(more)

    def __bool__(self) -> bool:
        return bool(self._faults)

    def draw(self, endpoint: str, miner: str) -> Fault | None:
        """The first fault that affects this request."""
        for index, fault in enumerate(self._faults):
            if not fault.matches(endpoint, miner) or (fault.count is not None and self._struck[index] >= fault.count):
                continue
            self._seen[index] += 1
            if self._seen[index] > fault.after and self._rng.random() < fault.probability:
                self._struck[index] += 1
                return fault
        return None

    def stated(self) -> list[dict[str, object]]:
        """Each fault with `struck`, as JSON values."""
        return [
            {
                "kind": fault.kind.value,
                "endpoints": sorted(fault.endpoints),
                "miners": sorted(fault.miners),
                "probability": fault.probability,
                "count": fault.count,
                "after": fault.after,
                "value": fault.value,
                "struck": struck,
            }
            for fault, struck in zip(self._faults, self._struck, strict=True)
        ]
