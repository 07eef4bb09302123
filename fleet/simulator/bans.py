"""Bans of client addresses: blocked for a time, then distrusted for as long as they keep calling."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fleet.simulator.answers import Answer, answer_json
from fleet.simulator.errors import OptionError

#: seconds of distrust that each refused call adds, up to the whole time of distrust
PENALTY_S = 10.0
_REASON = "Suspicious activity detected"


@dataclass(frozen=True, kw_only=True, slots=True)
class BanTerms:
    """How long a ban lasts, in seconds."""

    #: every call is refused, and the answer states how long (really 300 s: docs/protocol-notes.md, 16)
    blocked_s: float
    #: how long calls are refused after that; each refused one prolongs it
    distrusted_s: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.blocked_s < math.inf and 0 <= self.distrusted_s < math.inf):
            raise OptionError("ban", (self.blocked_s, self.distrusted_s), "more than 0 s, then 0 s or more")


def parse_ban(text: str) -> BanTerms:
    """Parse `BLOCKED` or `BLOCKED+DISTRUSTED`, both in seconds."""
    blocked, _, distrusted = text.partition("+")
    try:
        return BanTerms(blocked_s=float(blocked), distrusted_s=float(distrusted or 0))
    except ValueError as exc:
        raise OptionError("ban", text, "SECONDS or SECONDS+SECONDS, such as 300+60") from exc


@dataclass(kw_only=True, slots=True)
class _Ban:
    terms: BanTerms
    blocked_until: float
    trusted_from: float


class Bans:
    """The banned addresses. Every time is monotonic seconds."""

    def __init__(self) -> None:
        self._bans: dict[str, _Ban] = {}

    def ban(self, address: str, terms: BanTerms, now_s: float) -> Answer:
        """Ban an address, and return the answer to the call that caused the ban."""
        until_s = now_s + terms.blocked_s
        self._bans[address] = _Ban(terms=terms, blocked_until=until_s, trusted_from=until_s + terms.distrusted_s)
        return _blocked(terms.blocked_s)

    def refusal(self, address: str, now_s: float) -> Answer | None:
        """The answer to a call from this address, or None. Calls from a distrusted address prolong the distrust."""
        ban = self._bans.get(address)
        if ban is None:
            return None
        if now_s < ban.blocked_until:
            return _blocked(ban.blocked_until - now_s)
        if now_s >= ban.trusted_from:
            del self._bans[address]
            return None
        ban.trusted_from = max(ban.trusted_from, min(ban.trusted_from + PENALTY_S, now_s + ban.terms.distrusted_s))
        return answer_json({"error": "trust_too_low", "reason": _REASON}, 403)

    def lift(self) -> None:
        """End every ban."""
        self._bans.clear()


def _blocked(rest_s: float) -> Answer:
    return answer_json({"error": "blocked", "reason": _REASON, "unblock_in": math.ceil(rest_s)}, 403)
