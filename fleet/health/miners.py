"""The health of miners: each is compared with its own pace of payments, and with its own share of accepted jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.health.learned import DAY_S, UsualLevel, UsualPace, patience_s
from fleet.health.symptom import FARM, Symptom, miner_subject
from fleet.money.readable import readable
from fleet.status.fresh import FreshPayments
from fleet.status.snapshot import MinerFigures

#: seconds between two looks at one miner
_TURNS = 10
#: by how much the share of accepted jobs must have fallen, and over how many jobs
_FELL, _JOBS = 0.2, 50
#: miners with one condition that are named; more of them share one
_NAMED = 20
#: how long money that left a wallet is shown, in seconds
_WALLET_S = DAY_S
_IN_SESSION = "mining"
_GROUPED = {
    "idle_miner": "{} miners have a session, but their jobs are not paid.",
    "failing_calls": "The calls of {} miners to the server fail.",
    "accept_ratio": "Of {} miners' jobs, the server accepts a smaller share than before.",
    "wallet_left": "Money left the wallets of {} miners.",
}


class MinerWatch:
    """Learns from each payment and loss what is usual for a miner. Miners are known by name."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._paces: dict[str, UsualPace] = {}
        self._ratios: dict[str, UsualLevel] = {}
        #: since when a miner is in its state, as of the last look
        self._states: dict[str, tuple[str, float]] = {}
        self._found: dict[str, tuple[Symptom, ...]] = {}
        self._left: dict[str, tuple[Decimal, float]] = {}
        self._turn = 0

    def paid(self, name: str, fresh: FreshPayments) -> None:
        """Jobs of the miner were paid."""
        pace = self._paces.get(name)
        if pace is None:
            pace, self._ratios[name] = self._paces.setdefault(name, UsualPace()), self._ratios.get(name) or UsualLevel()
        pace.seen(float(fresh.job_amount), fresh.last_at, events=fresh.jobs, first_at=fresh.first_at)
        self._ratios[name].seen(1.0, fresh.jobs)

    def lost(self, name: str) -> None:
        """A job of the miner ended without a payment."""
        self._ratios.setdefault(name, UsualLevel()).seen(0.0)

    def left_wallet(self, name: str, amount: Decimal, at: float) -> None:
        """Money left the miner's wallet."""
        before, _ = self._left.get(name, (ZERO, at))
        self._left[name] = (before + amount, at)

    def per_day(self, name: str) -> float | None:
        """NNET a day that the miner's jobs usually pay; None until that is learnt."""
        pace = self._paces.get(name)
        return None if pace is None else pace.per_day

    def look(
        self, rows: Sequence[MinerFigures], now: float, *, idle: bool, excused: Collection[str] = ()
    ) -> Iterator[Symptom]:
        """Call once a second. Looks at a tenth of the miners, and returns the symptoms of all of them.

        `idle` is whether the farm has a reason not to give miners jobs; those `excused` can't be paid.
        """
        self._turn = (self._turn + 1) % _TURNS
        for row in rows[self._turn :: _TURNS]:
            known = self._states.get(row.name)
            if known is None or known[0] != row.state or idle or row.name in excused:
                known = self._states[row.name] = (row.state, now)
            found = () if row.name in excused else tuple(self._symptoms(row, known[1], now))
            if found:
                self._found[row.name] = found
            else:
                self._found.pop(row.name, None)
        for name, (_, at) in list(self._left.items()):
            if now - at >= _WALLET_S:
                del self._left[name]
        return _grouped([one for some in self._found.values() for one in some] + [*self._wallets()])

    def _symptoms(self, row: MinerFigures, since: float, now: float) -> Iterator[Symptom]:
        pace, ratio, subject = self._paces.get(row.name), self._ratios.get(row.name), miner_subject(row.name)
        worth = None if pace is None else pace.per_day
        if row.state == "waiting":
            text = f"Calls of miner {row.name} to the server fail."
            yield Symptom(kind="failing_calls", subject=subject, text=text, lasted_s=now - since, nnet_per_day=worth)
        elif row.state == _IN_SESSION:
            silent_s = now - max(since, self._began if pace is None else pace.last_at)
            if silent_s >= patience_s(pace):
                text = f"Miner {row.name} has a session, but no job of it is paid."
                yield Symptom(kind="idle_miner", subject=subject, text=text, lasted_s=silent_s, nnet_per_day=worth)
        if ratio is not None and ratio.count >= _JOBS and ratio.lately < ratio.usual - _FELL:
            text = f"The server accepts fewer of miner {row.name}'s jobs than before."
            lost = None if worth is None or ratio.lately <= 0 else worth * (ratio.usual / ratio.lately - 1)
            yield Symptom(kind="accept_ratio", subject=subject, text=text, nnet_per_day=lost)

    def _wallets(self) -> Iterator[Symptom]:
        for name, (amount, _) in self._left.items():
            text = f"{readable(amount)} NNET left the wallet of miner {name}."
            yield Symptom(kind="wallet_left", subject=miner_subject(name), text=text)


def _grouped(found: Sequence[Symptom]) -> Iterator[Symptom]:
    """The symptoms as they are, or one for the farm where a kind has too many."""
    kinds: dict[str, list[Symptom]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    for kind, some in kinds.items():
        if len(some) <= _NAMED:
            yield from some
            continue
        known = [one.nnet_per_day for one in some if one.nnet_per_day is not None]
        yield Symptom(
            kind=kind,
            subject=FARM,
            text=_GROUPED[kind].format(len(some)),
            lasted_s=max(one.lasted_s for one in some),
            nnet_per_day=sum(known) if known else None,
        )
