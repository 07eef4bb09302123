"""What was found out about one host, and what of it is kept over a restart. Values; times are monotonic seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tasks.kinds import Kind

#: results that must agree in a row until not all of a host's are checked; after as many again, the share halves
PROBATION = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRecord:
    """What of a host's record holds over a restart."""

    host: str
    #: what shows the host's key without telling it; empty where results aren't signed
    key: str
    #: what decides on the last bits of its results, as its workers state it; empty if they state nothing
    kind: Kind
    agreed: int
    wrong: int
    in_a_row: int
    first_in_a_row: int

    @property
    def level(self) -> tuple[object, ...]:
        """What decides on how the host's results are checked; it changes seldom."""
        return (
            self.key,
            self.kind,
            self.wrong,
            min(self.first_in_a_row, PROBATION),
            min(self.in_a_row // PROBATION, PROBATION),
        )


@dataclass(kw_only=True, slots=True)
class HostRecord:
    """What was found out about one host."""

    #: results that were awaited since the coordinator started
    results: int = 0
    #: results that agreed with another host's, and those that were wrong
    agreed: int = 0
    wrong: int = 0
    #: results since the coordinator started that were to be checked, but no other host could
    unchecked: int = 0
    #: results that agreed since the last wrong one, and those of them that the host gave before any other
    in_a_row: int = 0
    first_in_a_row: int = 0
    #: kernel times longer than possible, and plausible ones since the last of them
    false_times: int = 0
    plausible: int = 0
    #: when the last of them arrived
    false_at: float = float("-inf")
    #: why its results are refused; empty while they are taken
    distrusted: str = ""
    #: the host's key and kind, as in `KeptRecord`
    key: str = ""
    kind: Kind = ()

    @property
    def checked(self) -> int:
        """Results that were compared with another host's."""
        return self.agreed + self.wrong

    @property
    def on_probation(self) -> bool:
        """Whether all of the host's results are checked: a host that only confirms others' results is not known."""
        return self.first_in_a_row < PROBATION

    @property
    def share(self) -> float:
        """The share of its results that would be checked, however small: it halves with every ten that agree."""
        return 1.0 if self.on_probation else 0.5 ** (self.in_a_row // PROBATION)

    def is_of(self, key: str, kinds: Collection[Kind]) -> bool:
        """Whether the record is about a host with this key, whose workers state these kinds, if any."""
        if not (self.key or self.kind):
            return True
        return self.key == key and (not kinds or not self.kind or self.kind in kinds)

    def agree(self, *, first: bool) -> None:
        """Count a result that agreed with another host's; `first` if the host gave it before any other."""
        self.agreed, self.in_a_row = self.agreed + 1, self.in_a_row + 1
        self.first_in_a_row += first

    def err(self) -> None:
        """Count a wrong result."""
        self.wrong, self.in_a_row, self.first_in_a_row = self.wrong + 1, 0, 0

    def inherit(self, kept: KeptRecord) -> None:
        """Add what was kept of the same host, which computes as it did."""
        self.kind = kept.kind
        self.agreed += kept.agreed
        if not self.wrong:
            self.in_a_row += kept.in_a_row
            self.first_in_a_row += kept.first_in_a_row

    def kept(self, host: str) -> KeptRecord:
        """What of the record holds over a restart."""
        return KeptRecord(
            host=host,
            key=self.key,
            kind=self.kind,
            agreed=self.agreed,
            wrong=self.wrong,
            in_a_row=self.in_a_row,
            first_in_a_row=self.first_in_a_row,
        )
