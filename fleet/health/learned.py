"""What is usual for one subject, learnt from what it did: its pace, its share of successes, its income.

Each is a moving average that weighs the newest sample at least by a fixed share. Times are monotonic seconds.
"""

from __future__ import annotations

import math

#: events after which a pace counts as learnt
_LEARNT = 10
#: weight of the newest gap; a gap counts as at most this many mean ones, so that an outage is not learnt
_WEIGHT, _LONGEST = 1 / 50, 10.0
#: seconds in which a longest gap is forgotten by half
_HALVED_S = 3_600.0
#: number of samples over which what was seen lately is averaged, and how many times more for what is usual
_LATELY, _LONGER = 40, 12
DAY_S = 86_400.0
#: no payment is unusual after this many usual gaps between two, within these bounds in seconds
_GAPS, _LEAST_S, _MOST_S = 20.0, 120.0, 600.0


def _weight(of_one: float, count: int, new: int) -> float:
    """Weight of the mean of the `new` last of `count` samples, each of which weighs at least `of_one`."""
    return max(1.0 - (1.0 - of_one) ** new, new / count)


class UsualPace:
    """The mean time between two events of a subject, and the mean amount of one."""

    __slots__ = ("_gap_s", "_longest_s", "amount", "count", "last_at")

    def __init__(self) -> None:
        self.count = 0
        self.amount = 0.0
        self.last_at = float("-inf")
        self._gap_s = self._longest_s = 0.0

    def seen(self, amount: float, now: float, *, events: int = 1, first_at: float | None = None) -> None:
        """An event of an amount, such as a payment in NNET, or several since `first_at` that amount to it together."""
        first_at = now if first_at is None else first_at
        if self.count:
            self._passed(first_at - self.last_at, self.count, 1)
        if events > 1:
            self._passed((now - first_at) / (events - 1), self.count + events - 1, events - 1)
        self.count += events
        self.amount += (amount / events - self.amount) * _weight(_WEIGHT, self.count, events)
        self.last_at = now

    def _passed(self, gap_s: float, gaps: int, new: int) -> None:
        """Count `new` times between events; there are `gaps` with them."""
        gap_s = max(gap_s, 0.0)
        if gaps >= _LEARNT:
            gap_s = min(gap_s, _LONGEST * max(self._gap_s, 1.0))
        self._longest_s = max(self._longest_s * 0.5 ** (gap_s * new / _HALVED_S), gap_s)
        self._gap_s += (gap_s - self._gap_s) * _weight(_WEIGHT, gaps, new)

    @property
    def learnt(self) -> bool:
        """Whether enough events were seen to say what is usual."""
        return self.count > _LEARNT

    @property
    def gap_s(self) -> float | None:
        """The mean time between two events, in seconds; None until it is learnt."""
        return self._gap_s if self.learnt else None

    @property
    def longest_s(self) -> float:
        """The longest time between two events lately, in seconds."""
        return self._longest_s

    @property
    def per_day(self) -> float | None:
        """The amount of a day at this pace; None until it is learnt."""
        return self.amount / self._gap_s * DAY_S if self.learnt and self._gap_s > 0 else None


def patience_s(pace: UsualPace | None) -> float:
    """After how many seconds without an event its absence is unusual; the longest time while the pace is unknown."""
    gap_s = None if pace is None else pace.gap_s
    return _MOST_S if gap_s is None else min(max(_GAPS * gap_s, _LEAST_S), _MOST_S)


class UsualLevel:
    """The usual mean of a figure, and its mean lately."""

    __slots__ = ("_weight", "count", "lately", "usual")

    def __init__(self, lately: int = _LATELY) -> None:
        """`lately` is the number of samples over which the recent mean is taken."""
        self._weight = 1 / lately
        self.count = 0
        self.usual = self.lately = 0.0

    def seen(self, value: float, samples: int = 1) -> None:
        """Count a sample, or several of this mean."""
        self.count += samples
        self.usual += (value - self.usual) * _weight(self._weight / _LONGER, self.count, samples)
        self.lately += (value - self.lately) * _weight(self._weight, self.count, samples)


class UsualIncome:
    """NNET a second: what is usual, what came lately, and what came in the last minute or so."""

    #: seconds over which each of the means looks back, and seconds until what is usual is learnt
    USUAL_S, LATELY_S, NOW_S = 1_800.0, 300.0, 60.0
    LEARNT_S = 300.0

    def __init__(self) -> None:
        self._usual, self._lately, self._now = _Mean(self.USUAL_S), _Mean(self.LATELY_S), _Mean(self.NOW_S)

    def passed(self, nnet: float, seconds: float, *, learn: float) -> None:
        """Count what was paid within `seconds`; `learn` is its weight in what is usual, from 0 to 1."""
        self._lately.passed(nnet, seconds)
        self._now.passed(nnet, seconds)
        self._usual.passed(nnet * learn, seconds * learn)

    @property
    def usual_per_day(self) -> float | None:
        """NNET a day as usual; None until it is learnt."""
        return self._usual.mean * DAY_S if self._usual.weighed_s >= self.LEARNT_S else None

    @property
    def lately_per_day(self) -> float:
        """NNET a day at the rate of the last minutes."""
        return self._lately.mean * DAY_S

    @property
    def drop_per_day(self) -> float | None:
        """NNET a day by which the last minute lies below what is usual, at least 0; None until that is learnt."""
        usual = self.usual_per_day
        return None if usual is None else max(usual - self._now.mean * DAY_S, 0.0)


class _Mean:
    """A mean over the last seconds, as amounts a second."""

    __slots__ = ("_back_s", "_sum", "_weight", "weighed_s")

    def __init__(self, back_s: float) -> None:
        self._back_s = back_s
        self._sum = self._weight = self.weighed_s = 0.0

    def passed(self, amount: float, seconds: float) -> None:
        kept = math.exp(-seconds / self._back_s)
        self._sum, self._weight = self._sum * kept + amount, self._weight * kept + seconds
        self.weighed_s += seconds

    @property
    def mean(self) -> float:
        return self._sum / self._weight if self._weight else 0.0
