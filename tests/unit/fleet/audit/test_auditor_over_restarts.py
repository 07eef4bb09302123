"""What was found out about a host holds over a restart, and while the host is the same."""

from __future__ import annotations

import random

import pytest

from fleet.audit.auditor import Auditor
from fleet.audit.host_record import KeptRecord
from fleet.audit.identities import Identities
from fleet.domain.checks import Checked

INTEL, AMD = ("x86_64", "2.4", "Haswell"), ("x86_64", "2.4", "Zen")


def _auditor() -> Auditor:
    return Auditor(0.02, random.Random(1))


def _agreed(auditor: Auditor, times: int) -> None:
    for _ in range(times):
        auditor.take(Checked(job_id="j1", agreed=("a",), first="a"))


def _of(kind: tuple[str, ...] = INTEL, key: str = "k1") -> Identities:
    return Identities(kinds={"a": kind} if kind else {}, keys={"a": key} if key else {})


def _kept(agreed: int = 60, *, wrong: int = 0, key: str = "k1") -> KeptRecord:
    """What a coordinator keeps of host a, where so many results agreed after those that were wrong."""
    auditor = _auditor()
    auditor.identify(_of(key=key))
    for _ in range(wrong):
        auditor.take(Checked(job_id="j1", agreed=("b",), wrong=("a",)))
    _agreed(auditor, agreed)
    return auditor.kept["a"]


def _restarted(kept: KeptRecord) -> Auditor:
    auditor = _auditor()
    auditor.recall([kept])
    return auditor


def test_a_restarted_coordinator_goes_on_with_a_host_that_is_the_same() -> None:
    auditor = _restarted(_kept())
    assert auditor.share_of("a") == 1, "nothing has shown yet that it is"
    auditor.identify(_of())
    assert auditor.share_of("a") == 0.02
    _agreed(auditor, 1)
    assert (auditor.kept["a"].agreed, auditor.records["a"].checked) == (61, 61)


def test_what_was_found_before_a_host_had_shown_to_be_the_same_is_added() -> None:
    auditor = _restarted(_kept(15))
    _agreed(auditor, 5)
    auditor.identify(_of())
    assert auditor.share_of("a") == 0.25


def test_a_wrong_result_before_that_has_all_checked_again() -> None:
    auditor = _restarted(_kept())
    auditor.take(Checked(job_id="j1", wrong=("a",)))
    auditor.identify(_of())
    assert auditor.share_of("a") == 1


@pytest.mark.parametrize("other", [_of(AMD), _of(key="k2"), _of(key=""), _of(())])
def test_a_host_of_another_kind_or_with_another_key_begins_anew(other: Identities) -> None:
    auditor = _restarted(_kept())
    auditor.identify(other)
    assert auditor.share_of("a") == 1
    running = _auditor()
    running.identify(_of())
    _agreed(running, 60)
    running.identify(other)
    assert running.share_of("a") == (1 if other.kinds else 0.02), "one whose workers have gone is still the same"


def test_a_host_that_is_there_again_later_is_known_then() -> None:
    auditor = _restarted(_kept())
    auditor.identify(_of(()))
    auditor.identify(_of())
    assert auditor.share_of("a") == 0.02


def test_while_workers_of_two_kinds_run_on_a_host_it_is_still_the_same() -> None:
    auditor = _auditor()
    auditor.identify(_of())
    _agreed(auditor, 60)
    auditor.identify(Identities(kinds={"a-0123456789ab": AMD, "a-ba9876543210": INTEL}, keys={"a": "k1"}))
    assert auditor.share_of("a") == 0.02


@pytest.mark.parametrize(("kind", "key", "wrong"), [(INTEL, "k1", 1), (AMD, "k1", 1), (AMD, "k2", 0)])
def test_a_wrong_result_counts_until_the_host_is_invited_again(kind: tuple[str, ...], key: str, wrong: int) -> None:
    auditor = _restarted(_kept(wrong=1))
    auditor.identify(_of(kind, key))
    auditor.identify(_of(kind, key))
    assert auditor.record("a").wrong == wrong
    auditor.take(Checked(job_id="j1", wrong=("a",)))
    assert auditor.trusts("worker@a") == (not wrong)


def test_a_host_that_somebody_resumed_while_no_coordinator_ran_is_taken_until_it_is_wrong_once() -> None:
    auditor = _restarted(_kept(0, wrong=2))
    auditor.identify(_of())
    assert auditor.trusts("worker@a")
    auditor.take(Checked(job_id="j1", wrong=("a",)))
    assert not auditor.trusts("worker@a")


def test_a_distrusted_host_that_states_another_kind_stays_distrusted() -> None:
    auditor = _auditor()
    auditor.identify(_of())
    auditor.keep_out(["a"], "2 of its results were wrong")
    auditor.identify(_of(AMD))
    assert not auditor.trusts("worker@a")
    assert auditor.records["a"].distrusted


def test_forgiveness_is_kept_too() -> None:
    auditor = _auditor()
    auditor.identify(_of())
    _agreed(auditor, 60)
    auditor.forgive("a")
    kept = auditor.kept["a"]
    assert (kept.key, kept.kind, kept.agreed, kept.wrong, kept.in_a_row) == ("k1", INTEL, 0, 0, 0)
