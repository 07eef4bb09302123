"""A miner's and a host's page say what `fleet explain` says of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from fleet.domain.causes import Loss
from fleet.health.reasons import LostToday
from fleet.status.snapshot import Severity
from fleet.web.why import why_host, why_miner
from tests.support.snapshots import MINER, SNAPSHOT, snapshot

LOST = [
    LostToday(miner=MINER.name, cause=Loss.EXPIRED, jobs=2, amount=Decimal("0.3")),
    LostToday(miner="another", cause=Loss.KERNEL, jobs=9, amount=Decimal(5)),
]


def test_a_miner_is_told_its_own_losses_and_what_is_wrong_with_the_whole_farm() -> None:
    assert {one.kind for one in why_miner(SNAPSHOT, MINER, LOST)} == {"no_worker", "lost jobs"}
    (lost,) = why_miner(snapshot(wrong=()), MINER, LOST)
    assert (lost.nnet_per_day, lost.text.partition(" ")[0]) == (0.3, "2")


def test_a_host_is_told_of_its_own_conditions() -> None:
    own = replace(SNAPSHOT.wrong[0], kind="quiet_host", subject="host shed", severity=Severity.WARN)
    other = replace(own, subject="host barn")
    assert [one.subject for one in why_host(snapshot(wrong=(own, other)), "shed")] == ["host shed"]
    assert why_host(snapshot(wrong=()), "shed") == ()
