"""What a start learns of a miner whose session was closed before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.effects import SessionClosed, SessionOpened, TotalsSeen
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine


@pytest.mark.parametrize(("total", "uncompared"), [(None, True), (Decimal(0), False)])
def test_a_total_is_owed_until_the_server_states_it_not_until_it_is_requested(
    total: Decimal | None, *, uncompared: bool
) -> None:
    clock = iter(range(1_800_000_000_000, 1_900_000_000_000, 1000))
    with Ledger(open_engine("sqlite://"), "s", now_ms=lambda: next(clock)) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-1", session_id="s1", offset=Decimal(0))])
        ledger.commit([SessionClosed(miner_id="rig-1", session_id="s1", cause="stopped")])
        assert ledger.saved_miner("rig-1").closed_uncompared
        ledger.commit([TotalsSeen(miner_id="rig-1", total=total, verdict="…", booked=Decimal(0))])
        assert ledger.saved_miner("rig-1").closed_uncompared is uncompared
