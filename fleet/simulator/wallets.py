"""The wallets: a balance for each id, saved from time to time."""

from __future__ import annotations

import math

from fleet.simulator.errors import OptionError


class Wallets:
    """Balances by id, as the float sums that the real servers keep.

    After a restart, a release that saves them has the last saved state (docs/protocol-notes.md, 13).
    """

    def __init__(self, *, save_every_s: float, now: float) -> None:
        """Save every `save_every_s` seconds from Unix second `now` on; 0: never, so that a restart empties all."""
        self._save_every_s = save_every_s
        self._saved_at = now
        self._saved: dict[str, float] = {}
        self._balances: dict[str, float] = {}

    def pass_time(self, now: float) -> None:
        """Save where a save was due since the last call: nothing has changed in between."""
        if not self._save_every_s:
            return
        saves = math.floor((now - self._saved_at) / self._save_every_s)
        if saves > 0:
            self._saved_at += saves * self._save_every_s
            self.save()

    def save(self) -> None:
        """Save all balances now."""
        self._saved = dict(self._balances)

    def restore(self) -> None:
        """Go back to the last saved state."""
        self._balances = dict(self._saved)

    def balance(self, name: str) -> float:
        """NNET in this wallet."""
        return self._balances.get(name, 0.0)

    def balances(self) -> dict[str, float]:
        """NNET by id."""
        return dict(self._balances)

    def pay(self, name: str, amount: float) -> None:
        """Add `amount` NNET."""
        self._balances[name] = self.balance(name) + amount

    def move(self, source: str, target: str, amount: float) -> None:
        """Send `amount` NNET to another wallet, as anyone with the source's id can (docs/protocol-notes.md, 12)."""
        if not 0 < amount <= self.balance(source):
            raise OptionError("amount", amount, f"more than 0, at most the balance {self.balance(source)}")
        self.pay(source, -amount)
        self.pay(target, amount)
