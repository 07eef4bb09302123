"""The health of what a farm stands on: the disk of its ledger, and its servers' certificates. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from fleet.health.learned import DAY_S
from fleet.health.symptom import FARM, Symptom, server_subject

#: days until the disk is full below which a warning begins, and above which it ends
_DISK_DAYS, _DISK_DAYS_AGAIN = 3.0, 4.0
#: free bytes below which there is a warning in any case
_LEAST_BYTES = 64 << 20
#: seconds over which the disk is watched, between two samples, and until they show how fast it fills
_SPAN_S, _EVERY_S, _KNOWN_S = 6 * 3_600.0, 300.0, 1_800.0
#: days until a certificate ends below which there is a warning
_CERTIFICATE_DAYS = 20.0


class Surroundings:
    """Follows the free space of the disk and the ends of the certificates."""

    def __init__(self) -> None:
        #: monotonic seconds and free bytes
        self._samples: deque[tuple[float, int]] = deque()
        self._filling = False
        #: when each server's certificate ends, in Unix seconds, as far as known
        self.certificates_end: Mapping[str, float] = {}

    def free(self, number: int, now: float) -> None:
        """`number` bytes are free on the ledger's disk."""
        if not self._samples or now - self._samples[-1][0] >= _EVERY_S:
            self._samples.append((now, number))
        while now - self._samples[0][0] > _SPAN_S:
            self._samples.popleft()

    def look(self, unix_s: float) -> Iterator[Symptom]:
        """The symptoms now."""
        if self._samples:
            yield from self._disk(self._samples[-1][1])
        for server, ends in self.certificates_end.items():
            days = (ends - unix_s) / DAY_S
            if days < _CERTIFICATE_DAYS:
                when = f"ends in {days:.0f} days" if days >= 1 else "ends within a day" if days >= 0 else "has ended"
                text = f"The certificate of the server {server} {when}."
                yield Symptom(kind="certificate", subject=server_subject(server), text=text)

    def _disk(self, free: int) -> Iterator[Symptom]:
        days = self._days(free)
        self._filling = days is not None and days < (_DISK_DAYS_AGAIN if self._filling else _DISK_DAYS)
        if free < _LEAST_BYTES:
            yield Symptom(kind="disk", subject=FARM, text="The ledger's disk is almost full.")
        elif self._filling:
            yield Symptom(kind="disk", subject=FARM, text="The ledger's disk will be full in less than three days.")

    def _days(self, free: int) -> float | None:
        """Days until the disk is full at the pace of the last hours; None while it does not fill, or is not known."""
        (first_at, first), (last_at, _) = self._samples[0], self._samples[-1]
        if last_at - first_at < _KNOWN_S or free >= first:
            return None
        return free / (first - free) * (last_at - first_at) / DAY_S
