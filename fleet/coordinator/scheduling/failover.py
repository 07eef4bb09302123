"""Which servers are mined at: those of the first priority, and later ones while no earlier one pays. Pure.

A server that takes no calls, or pays for no job, is still called: its answers show when that is over. When the farm
leaves a server of a later priority, it finishes the jobs there, closes the sessions and asks for the totals.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet.coordinator.scheduling.scheduler import Farm


class Failover:
    """Lets the farms of later priorities stand by. Times are monotonic seconds.

    A farm whose sessions an earlier coordinator left open does not stand by at first.
    """

    def __init__(
        self, servers: Mapping[str, tuple[int, Farm]], now: float, *, after_s: float = 5.0, back_s: float = 30.0
    ) -> None:
        """`servers` maps the name of each server to its priority, lower first, and its farm.

        A later priority is mined at as soon as no earlier one was of use for `after_s`: each was down or paused, had
        banned this address, or paid for no job. It is left again once an earlier one has paid for `back_s`.
        """
        #: seconds after which a later priority is mined at, and left again
        self.after_s, self.back_s = after_s, back_s
        self._levels = [
            {name: farm for name, (priority, farm) in servers.items() if priority == level}
            for level in sorted({priority for priority, _ in servers.values()})
        ]
        #: number of levels in use
        self._used = 1
        #: when each server was last down, or this coordinator began
        self._down_at = dict.fromkeys(servers, now)
        #: since when each server has been sound (True), down (False), or not known to be either (None)
        self._since: dict[str, tuple[bool | None, float]] = dict.fromkeys(servers, (None, now))
        #: servers that took calls when they were last down, and paid for no job
        self._unpaid: set[str] = set()
        for number, farms in enumerate(self._levels, 1):
            if number > 1 and any(miner.left_open for farm in farms.values() for miner in farm.miners.values()):
                self._used = number
        for farms in self._levels[self._used :]:
            for farm in farms.values():
                _stand_by(farm, now)

    def look(self, now: float) -> list[str]:
        """Open and close the farms of later priorities as needed. Returns lines for the operator."""
        if len(self._levels) == 1:
            return []
        for farms in self._levels[: self._used]:
            for name, farm in farms.items():
                sound = self._is_sound(name, farm, now)
                if sound is not self._since[name][0]:
                    self._since[name] = (sound, now)
        for number, farms in enumerate(self._levels[: self._used - 1], 1):
            back = next((name for name in farms if self._lasted(name, self.back_s, now, sound=True)), None)
            if back is not None:
                return self._close(number, back, now)
        before = [name for farms in self._levels[: self._used] for name in farms]
        down = all(self._lasted(name, self.after_s, now, sound=False) for name in before)
        return self._open(before, now) if down and self._used < len(self._levels) else []

    def _is_sound(self, name: str, farm: Farm, now: float) -> bool | None:
        """Whether a server takes calls and pays; None until it has paid since it was down, or since the start."""
        no_calls = farm.server.away or farm.server.paused or bool(farm.server.banned(now))
        if no_calls or farm.server.unpaid_s(now):
            (self._unpaid.discard if no_calls else self._unpaid.add)(name)
            self._down_at[name] = now
            return False
        return True if farm.server.pay.paid_at > self._down_at[name] else None

    def _lasted(self, name: str, seconds: float, now: float, *, sound: bool) -> bool:
        state, since = self._since[name]
        return state is sound and now - since >= seconds

    def _open(self, before: list[str], now: float) -> list[str]:
        farms = self._levels[self._used]
        self._used += 1
        for name, farm in farms.items():
            self._since[name] = (None, now)
            _resume(farm, now)
        return [f"{self._troubles(before)}: mining at {_list(list(farms))} until one does"]

    def _troubles(self, names: list[str]) -> str:
        several = {
            "no calls": ("takes", "take", [name for name in names if name not in self._unpaid]),
            "for no job": ("pays", "pay", [name for name in names if name in self._unpaid]),
        }
        return " and ".join(
            f"{_list(those)} {one if len(those) == 1 else more} {what}"
            for what, (one, more, those) in several.items()
            if those
        )

    def _close(self, used: int, back: str, now: float) -> list[str]:
        left = [name for farms in self._levels[used : self._used] for name in farms]
        for farms in self._levels[used : self._used]:
            for farm in farms.values():
                _stand_by(farm, now)
        self._used = used
        return [f"{back} has paid for {self.back_s:.0f} s: leaving {_list(left)} once the jobs there are finished"]


def _stand_by(farm: Farm, now: float) -> None:
    farm.requeue(farm.auto.stand_by(now), now)


def _resume(farm: Farm, now: float) -> None:
    farm.server.pay.begin()
    farm.auto.resume(now)


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
