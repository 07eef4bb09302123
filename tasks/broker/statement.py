"""What a coordinator and each worker state in Redis of themselves: release, wire version, time limits, and the host."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from config.settings import Settings
from tasks import strict_json
from tasks.broker.stated_host import StatedHost, parse_host
from tasks.compact_json import compact
from tasks.text import sanitized
from tasks.wire_versions import OLDEST_WIRE, WIRE_VERSION, WRITTEN_WIRE, spoken

_RELEASE = re.compile(r"[A-Za-z0-9.+-]{1,40}")
_MOST_BYTES = 4_000
_MOST_WIRE = 1_000_000
#: longest reason that is read, in characters
_MOST_WORDS = 200
_MOST_S = 1e7


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One process's statement. A worker can also write another one's, so it serves display and warnings only."""

    #: the process's release
    release: str
    #: the newest wire version that it speaks
    wire: int
    #: the oldest one; None from a release that did not state it, and speaks no other
    oldest_wire: int | None = None
    #: the one that it writes; None from a release that did not state it, and writes its newest
    written_wire: int | None = None
    #: seconds after which it ends a kernel; None from a release that did not state it
    time_limit_s: float | None = None
    #: seconds after which it gives an unacknowledged job to another worker; None from a release that did not state it
    visibility_timeout_s: float | None = None
    #: the host of a worker; None for a coordinator, and from a release that did not state it
    host: StatedHost | None = None
    #: whether a coordinator signs its jobs, or a worker its results
    signs: bool = False
    #: why a worker takes no jobs, by an order or by limits of its host; empty while it takes some
    pauses: str = ""
    #: whether a coordinator makes the ids of its bundles from their jobs (`tasks.signing.bundle_id`)
    binds: bool = False
    #: whether a worker pauses since its key is not the one that the coordinator has for its host
    wrong_key: bool = False

    @property
    def spoken(self) -> str:
        """The wire versions that it speaks, in words."""
        return spoken(self._oldest, self.wire)

    @property
    def _oldest(self) -> int:
        return self.wire if self.oldest_wire is None else self.oldest_wire

    @property
    def _written(self) -> int:
        return self.wire if self.written_wire is None else self.written_wire

    def _reads(self, other: Statement) -> bool:
        return self._oldest <= other._written <= self.wire

    def understands(self, other: Statement) -> bool:
        """Whether each of the two reads what the other writes."""
        return self._reads(other) and other._reads(self)

    def encode(self) -> str:
        """The text that stands in Redis, which earlier releases read, too."""
        return compact(
            {
                "release": self.release,
                "wire": self.wire,
                "oldest_wire": self.oldest_wire,
                "written_wire": self.written_wire,
                "time_limit_s": self.time_limit_s,
                "visibility_timeout_s": self.visibility_timeout_s,
                "host": None if self.host is None else self.host.fields(),
                "signs": self.signs,
                **({"pauses": self.pauses} if self.pauses else {}),
                "binds": self.binds,
                "wrong_key": self.wrong_key,
            }
        )


def plain_statement(release: str) -> Statement:
    """What a process of this release states where nothing else is known of it: the release and its wire versions."""
    return Statement(release=release, wire=WIRE_VERSION, oldest_wire=OLDEST_WIRE, written_wire=WRITTEN_WIRE)


def own_statement(release: str, settings: Settings, host: StatedHost | None = None) -> Statement:
    """What a process of this release and these settings states: a worker with its `host`, the coordinator without."""
    return replace(
        plain_statement(release),
        time_limit_s=settings.worker.time_limit_s,
        visibility_timeout_s=settings.visibility_timeout_s,
        host=host,
        signs=(settings.dispatch.keys_file if host is None else settings.worker.key) is not None,
        binds=host is None and settings.dispatch.keys_file is not None,
    )


def parse_statement(text: bytes) -> Statement | None:
    """The statement that `encode` made, by this release or an earlier one. None for any other text."""
    if len(text) > _MOST_BYTES:
        return None
    try:
        fields = strict_json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    release, wire = fields.get("release"), fields.get("wire")
    if not isinstance(release, str) or _RELEASE.fullmatch(release) is None:
        return None
    if type(wire) is not int or not 0 < wire <= _MOST_WIRE:
        return None
    oldest, written = fields.get("oldest_wire"), fields.get("written_wire")
    return Statement(
        release=release,
        wire=wire,
        oldest_wire=oldest if type(oldest) is int and 0 < oldest <= wire else None,
        written_wire=written if type(written) is int and 0 < written <= wire else None,
        time_limit_s=_seconds(fields.get("time_limit_s")),
        visibility_timeout_s=_seconds(fields.get("visibility_timeout_s")),
        host=parse_host(fields.get("host")),
        signs=fields.get("signs") is True,
        pauses=_words(fields.get("pauses")),
        binds=fields.get("binds") is True,
        wrong_key=fields.get("wrong_key") is True,
    )


def _words(value: object) -> str:
    return sanitized(value[:_MOST_WORDS]) if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < _MOST_S and math.isfinite(value) else None
