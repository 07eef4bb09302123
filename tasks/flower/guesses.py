"""Limits the wrong passwords from an address, and tells how long it has to wait after them."""

from __future__ import annotations

from dataclasses import dataclass, field

#: number of wrong passwords in a row; a user who mistypes needs fewer
BURST = 10
#: seconds until one more may be tried
REFILL_S = 10.0
#: number of addresses kept
MOST_ADDRESSES = 1_000


@dataclass(kw_only=True, slots=True)
class Guesses:
    """A bucket of wrong passwords for each address.

    While an address's bucket is empty, no password from it is checked, so that a thousand connections at once guess no
    faster than one. People behind one proxy share an address, so a guesser among them makes the others wait, too.
    """

    #: address → monotonic time at which its bucket is full again
    full_at: dict[str, float] = field(default_factory=dict)

    def wait_s(self, address: str, now: float) -> float:
        """Seconds until the address may try a password."""
        return max(0.0, self.full_at.get(address, now) - now - (BURST - 1) * REFILL_S)

    def wrong(self, address: str, now: float) -> None:
        """Count a wrong password."""
        full_at = max(self.full_at.pop(address, now), now) + REFILL_S
        # the newest goes last, so that the first is the one to forget
        self.full_at[address] = full_at
        if len(self.full_at) > MOST_ADDRESSES:
            del self.full_at[next(iter(self.full_at))]
