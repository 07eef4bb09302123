"""What the operator is told of results that the named host did not sign."""

from __future__ import annotations

from fleet.broker.result_signatures import SignatureCounts
from fleet.health.signatures import SignatureWatch


def test_a_wrong_signature_is_reported_for_ten_minutes_after_the_last_one() -> None:
    watch = SignatureWatch()
    watch.seen({"garage": SignatureCounts(wrong=2)}, 0.0)
    watch.seen({"garage": SignatureCounts(wrong=3)}, 300.0)
    watch.seen({"garage": SignatureCounts(wrong=3)}, 899.0)
    (found,) = watch.look(899.0)
    assert (found.kind, found.subject) == ("wrong_signature", "host garage")
    assert found.text == "Results that name host garage had a wrong signature and were dropped."
    assert not list(watch.look(901.0))


def test_a_host_that_answers_for_other_jobs_is_named() -> None:
    watch = SignatureWatch()
    watch.seen({"garage": SignatureCounts(foreign=1)}, 0.0)
    (found,) = watch.look(1.0)
    assert found.text == "Host garage answered for jobs that this coordinator did not send; its results were dropped."


def test_unsigned_results_say_whether_they_count() -> None:
    watch = SignatureWatch()
    watch.seen({"attic": SignatureCounts(accepted=1), "thief": SignatureCounts(unsigned=1)}, 0.0)
    assert {one.subject: one.text for one in watch.look(1.0)} == {
        "host attic": "Results of host attic have no signature, and are accepted.",
        "host thief": "Results that name host thief had no signature and were dropped.",
    }


def test_a_farm_whose_results_are_all_signed_has_no_symptom() -> None:
    watch = SignatureWatch()
    watch.seen({}, 0.0)
    assert not list(watch.look(1.0))
