"""A session that an earlier coordinator left open, and that the server then denies, is recorded as over."""

from __future__ import annotations

import pytest

from fleet.domain.calls import CallKind
from fleet.domain.effects import SessionClosed
from fleet.domain.saved_state import OpenSession, SavedMiner
from fleet.errors import CallError, NotRegistered, SessionLost
from tests.support.miner_script import Script


@pytest.mark.parametrize("error", [NotRegistered(404, "who?"), SessionLost(404, "which?")], ids=repr)
def test_a_session_that_the_server_forgot_is_not_left_open_for_the_next_start(error: CallError) -> None:
    """Otherwise each start of a drained miner opened a session, to find and stop the one that was gone."""
    script = Script(SavedMiner(session=OpenSession(session_id="s0", completed=0)))
    script.call(CallKind.REGISTER, error)
    closed = [effect for effect in script.effects if isinstance(effect, SessionClosed)]
    assert [(one.miner_id, one.session_id) for one in closed] == [("rig-1", "s0")]
    assert not script.miner.left_open
