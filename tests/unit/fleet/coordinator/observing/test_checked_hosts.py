"""What the snapshot states of checked hosts."""

from __future__ import annotations

from fleet.audit.auditor import Auditor
from fleet.coordinator.observing.checked_hosts import distrusted, with_checks
from fleet.domain.amounts import ZERO
from fleet.domain.checks import Checked
from fleet.status.snapshot import HostChecks, WorkRow


def _row(name: str) -> WorkRow:
    return WorkRow(name=name, computed=1, failed=0, recent_jobs=0, recent=ZERO, recent_kernel_s=0.0, last_ms=None)


def test_a_row_states_what_checks_found_of_its_host_and_nothing_of_others() -> None:
    auditor = Auditor(1.0)
    for _ in range(2):
        auditor.take(Checked(job_id="j1", agreed=("b",), wrong=("a",)))
    first, second, third = with_checks([_row("a"), _row("b"), _row("c")], auditor)
    reason = "2 of its results were wrong"
    assert first.checks == HostChecks(checked=2, agreed=0, wrong=2, unchecked=0, quarantined=reason)
    assert second.checks == HostChecks(checked=2, agreed=2, wrong=0, unchecked=0)
    assert third.checks is None
    assert distrusted(auditor) == {"a": reason}
