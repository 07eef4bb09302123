"""How a job is decided by the results of several hosts."""

from __future__ import annotations

from fleet.audit.comparing import HostResult
from fleet.audit.settling import contradicting, settle
from tasks.messages import Outcome, ResultMessage


def _claim(host: str, answer: int, attempt: int = 1) -> HostResult:
    return HostResult(
        message=ResultMessage(
            job_id="j1",
            attempt=attempt,
            outcome=Outcome.COMPUTED,
            result={"final_hash": "x", "iterations": answer},
            worker=f"worker@{host}",
        )
    )


def _settled(*claims: HostResult) -> tuple[tuple[str, ...], tuple[str, ...], int] | None:
    found = settle("data_hash", claims)
    return None if found is None else (found.agreed, found.wrong, found.claim.message.result["iterations"])


def test_two_hosts_that_agree_decide_by_the_first_result() -> None:
    assert _settled(_claim("a", 1), _claim("b", 1)) == (("a", "b"), (), 1)


def test_one_host_decides_nothing_however_often_it_says_so() -> None:
    assert _settled(_claim("a", 1)) is None
    assert _settled(_claim("a", 1), _claim("a", 1, 2)) is None


def test_of_two_that_disagree_the_third_says_who_is_wrong() -> None:
    assert _settled(_claim("a", 1), _claim("b", 2)) is None
    assert _settled(_claim("a", 1), _claim("b", 2), _claim("c", 2)) == (("b", "c"), ("a",), 2)
    assert _settled(_claim("a", 1), _claim("b", 2), _claim("c", 3)) is None


def test_a_host_whose_second_result_is_right_was_wrong_all_the_same() -> None:
    assert _settled(_claim("a", 9), _claim("b", 1), _claim("a", 1, 2)) == (("b",), ("a",), 1)


def test_a_host_that_gives_two_results_of_one_job_contradicts_itself() -> None:
    assert contradicting("data_hash", [_claim("a", 1), _claim("b", 2), _claim("a", 3, 2)]) == {"a"}
    assert contradicting("data_hash", [_claim("a", 1), _claim("b", 2), _claim("a", 1, 2)]) == frozenset()


def test_containers_of_one_host_can_not_confirm_each_other() -> None:
    assert _settled(_claim("box-0123456789ab", 1), _claim("box-ba9876543210", 1)) is None
