"""Who signed a result: only a host that has a key, and only for a job that the coordinator sent.

One file: all tests sign by the same keys and hand their results to the same check.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.broker.result_signatures import OTHER_HOSTS, Policy, ResultSignatures, SignatureCounts
from fleet.broker.results import parsed
from fleet.broker.stream import entry_of
from fleet.hosts.key_file import OWN_WORKERS, UPGRADE_S, FarmKeys
from tasks.broker.stated_host import StatedHost
from tasks.errors import SignatureError
from tasks.host.host_names import host_of
from tasks.messages import stream_fields
from tasks.signing import SIGNED_FIELDS, kind_signature, signed_result
from tests.support.signed import BODY, KEYS, Fields, key_of, raw, result, signed_job, unsigned

_WITH_ATTIC = replace(KEYS, hosts={**KEYS.hosts, "attic": None})


def check(keys: FarmKeys = KEYS, policy: Policy = "auto") -> ResultSignatures:
    return ResultSignatures(lambda: keys, policy)


def refused(one: ResultSignatures, fields: Fields) -> str:
    with pytest.raises(SignatureError) as caught:
        one.signer(fields)
    return str(caught.value)


def test_a_signed_result_names_its_host() -> None:
    one = check()
    assert one.signer(result("garage")) == "garage"
    assert one.signer(result(OWN_WORKERS, worker="worker@local-0123456789ab")) == OWN_WORKERS
    # pods share one host's key
    assert one.signer(result("garage", worker="worker@pod-7")) == "garage"
    assert one.signer(result("garage", signed_job(attempt=3))) == "garage"
    assert one.counts == {}


@pytest.mark.parametrize("name", [*SIGNED_FIELDS, "sig"])
def test_every_field_counts(name: str) -> None:
    one, fields = check(), result("garage")
    assert refused(one, fields | {name.encode(): fields[name.encode()] + b"0"})
    assert sum(counts.wrong for counts in one.counts.values()) == 1


def test_a_result_copied_under_another_hosts_name_is_dropped_and_counted_for_that_host() -> None:
    one = check()
    words = refused(one, result("garage", worker="worker@shed") | {b"host": b"shed"})
    assert words == "a result that names host shed has a wrong signature"
    assert one.counts == {"shed": SignatureCounts(wrong=1)}


def test_a_host_answers_under_no_other_hosts_name_though_it_signs_rightly() -> None:
    one = check()
    words = refused(one, result("garage", worker="worker@shed"))
    assert words == "a result that names host garage comes from a worker that is named after host shed"
    assert one.counts == {"garage": SignatureCounts(wrong=1)}


@pytest.mark.parametrize(
    "worker", ["w@" + "\u00e9" * 63 + "@shed", "w@" + "\U0001f9ca" * 40 + "@shed", "w@" + "x" * 126 + "@shed"]
)
def test_no_length_of_a_name_hides_another_hosts_name_at_its_end(worker: str) -> None:
    """Characters of several bytes, since a name is cut after as many characters."""
    one = check(policy="accept")
    for fields in (result("garage", worker=worker), unsigned(worker)):
        found = parsed([entry_of(b"1-0", fields)], one.signer)
        assert [message.worker for message in found.messages if host_of(message.worker) == "shed"] == []


@pytest.mark.parametrize("worker", ["worker@pod-7", "worker@local", "worker@local-0123456789ab", "", "@", "a@b@c"])
def test_an_invited_host_is_one_host_whatever_its_workers_call_themselves(worker: str) -> None:
    """Otherwise its two names could agree with each other against an honest host, or spend the name of one."""
    fields = stream_fields(task="job-1", state="SUCCESS", worker=worker, body=BODY)
    signed = signed_result(key_of("garage"), fields, signed_job())
    (message,) = parsed([entry_of(b"1-0", raw(signed))], check().signer).messages
    assert host_of(message.worker) == "garage"


@pytest.mark.parametrize("worker", ["worker@local", "worker@local-0123456789ab", "worker@pod-7"])
def test_the_farms_own_workers_keep_their_names(worker: str) -> None:
    (message,) = parsed([entry_of(b"1-0", result(OWN_WORKERS, worker=worker))], check().signer).messages
    assert message.worker == worker


def stated(signer: str, worker: str, kind: tuple[str, ...] = ("x86_64", "2.4")) -> StatedHost:
    """What a worker states that has the key of `signer`."""
    signature = kind_signature(key_of(signer).result, worker, kind)
    return StatedHost(cores=2, memory_mb=1, kind=kind, signer=signer, kind_sig=signature)


@pytest.mark.parametrize(
    ("signer", "worker"),
    [("garage", "garage"), ("garage", "garage-0123456789ab"), (OWN_WORKERS, "local-0123456789ab")],
)
def test_a_workers_kind_is_believed_by_its_own_key(signer: str, worker: str) -> None:
    host = stated(signer, worker)
    assert check().knows_kind(worker, replace(host))
    assert not check().knows_kind(worker, replace(host, kind=("x86_64", "2.5")))
    assert not check().knows_kind(worker, replace(host, kind=("x86_6", "42.4"))), "words can't be split otherwise"
    assert not check().knows_kind(worker, replace(host, signer="", kind_sig=""))


@pytest.mark.parametrize(
    ("signer", "worker"), [("garage", "shed"), ("garage", "local-0123456789ab"), (OWN_WORKERS, "shed")]
)
def test_nobody_states_the_kind_of_another_host(signer: str, worker: str) -> None:
    """Unlike hosts would have to agree in every bit, and one that is right would be paused."""
    assert not check().knows_kind(worker, stated(signer, worker))
    copied = stated("shed", "shed")
    assert not check().knows_kind("attic", copied)
    assert not check().knows_kind("shed-0123456789ab", copied)


def test_a_host_answers_for_no_job_that_the_coordinator_did_not_send() -> None:
    foreign = replace(KEYS, seal=b"x" * 32)
    # every host knows the key of jobs, none that of seals
    one = check()
    assert "did not send in this form" in refused(one, result("garage", signed_job(keys=foreign)))
    changed = signed_job(data='{"transactions":[1]}') | {"seal": signed_job()["seal"]}
    assert "did not send in this form" in refused(one, result("garage", changed))
    assert "did not send in this form" in refused(one, result("garage", {"job_id": "job-1", "attempt": 1}))
    assert one.counts == {"garage": SignatureCounts(foreign=3)}


def test_a_host_answers_for_no_other_attempt_than_it_was_sent() -> None:
    assert "did not send" in refused(check(), result("garage", signed_job() | {"attempt": 2}))


def test_a_dismissed_host_is_refused_at_once() -> None:
    rest = replace(KEYS, hosts={OWN_WORKERS: KEYS.hosts[OWN_WORKERS]})
    one = check(rest)
    assert refused(one, result("garage")).endswith("that host has no key: it was dismissed, or never invited")
    assert one.counts == {"garage": SignatureCounts(wrong=1)}


def test_the_key_of_an_earlier_invitation_is_void() -> None:
    again = replace(KEYS, hosts={**KEYS.hosts, "garage": b"n" * 32})
    assert refused(check(again), result("garage")) == "a result that names host garage has a wrong signature"


@pytest.mark.parametrize(
    ("policy", "keys", "worker", "taken"),
    [
        ("auto", KEYS, "worker@attic", False),
        ("auto", _WITH_ATTIC, "worker@attic", True),
        # a host may have given its workers another name
        ("auto", _WITH_ATTIC, "worker@pod-7", True),
        ("auto", _WITH_ATTIC, "worker@garage", False),
        ("accept", KEYS, "worker@attic", True),
        ("accept", KEYS, "worker@garage", False),
        ("refuse", _WITH_ATTIC, "worker@attic", False),
    ],
)
def test_a_result_without_a_signature_is_taken_by_the_policy(
    policy: Policy, keys: FarmKeys, worker: str, *, taken: bool
) -> None:
    one, host = check(keys, policy), worker.partition("@")[2]
    if taken:
        assert one.signer(unsigned(worker)) == ""
        assert one.counts == {host: SignatureCounts(accepted=1)}
    else:
        assert refused(one, unsigned(worker)) == f"a result that names host {host} has no signature"
        assert one.counts == {host: SignatureCounts(unsigned=1)}


def test_workers_of_a_farm_that_was_just_upgraded_are_believed_for_a_while() -> None:
    now = 1_000.0
    one = ResultSignatures(lambda: replace(KEYS, accept_until=2_000), "auto", lambda: now)
    assert one.signer(unsigned("worker@local-0123456789ab")) == ""
    assert refused(one, unsigned("worker@garage"))
    now = 2_000.0
    assert refused(one, unsigned("worker@local-0123456789ab"))
    assert one.counts["local"] == SignatureCounts(accepted=1, unsigned=1)


def test_no_clock_has_unsigned_results_accepted_for_longer_than_the_upgrade_takes() -> None:
    """The end is written down once, by a clock that may be wrong; and the clock may be set back."""
    now, end = 1_000.0, 1_000_000_000
    one = ResultSignatures(lambda: replace(KEYS, accept_until=end), "auto", lambda: now)
    assert refused(one, unsigned("worker@local"))
    now = end - UPGRADE_S - 1
    assert refused(one, unsigned("worker@local"))
    now += 2
    assert one.signer(unsigned("worker@local")) == ""


def test_invented_hosts_are_counted_as_one_after_a_while() -> None:
    one = check()
    for number in range(500):
        refused(one, unsigned(f"worker@invented{number}"))
        refused(one, result("garage") | {b"host": b"made-up-%d" % number})
    refused(one, unsigned("worker@shed"))
    assert len(one.counts) < 70
    assert one.counts["shed"] == SignatureCounts(unsigned=1)
    assert one.counts[OTHER_HOSTS].wrong > 400
    assert sum(counts.wrong + counts.unsigned for counts in one.counts.values()) == 1001


@given(
    fields=st.dictionaries(
        st.sampled_from([name.encode() for name in (*SIGNED_FIELDS, "sig")]) | st.binary(max_size=9), st.binary()
    )
)
def test_whatever_an_entry_holds_it_is_dropped_and_counted(fields: Fields) -> None:
    one = check()
    refused(one, fields)
    assert sum(counts.wrong + counts.unsigned for counts in one.counts.values()) == 1


@given(name=st.sampled_from([*SIGNED_FIELDS, "sig"]), data=st.data())
def test_no_changed_byte_goes_unnoticed(name: str, data: st.DataObject) -> None:
    fields = result("garage")
    value = fields[name.encode()]
    at = data.draw(st.integers(0, len(value) - 1))
    changed = value[:at] + bytes([value[at] ^ data.draw(st.integers(1, 255))]) + value[at + 1 :]
    one = check()
    refused(one, fields | {name.encode(): changed})
    assert sum(counts.wrong for counts in one.counts.values()) == 1


def test_a_dropped_entry_is_a_flaw_and_the_others_are_read() -> None:
    entries = [entry_of(b"1-0", result("garage")), entry_of(b"2-0", unsigned("worker@thief")), entry_of(b"3-0", {})]
    # the same bytes twice are two messages; the miner counts the first
    found = parsed([*entries, entry_of(b"4-0", result("garage"))], check().signer)
    assert [one.job_id for one in found.messages] == ["job-1", "job-1"]
    assert found.of_messages == (b"1-0", b"4-0")
    assert found.entries == (b"1-0", b"2-0", b"3-0", b"4-0")
    assert found.flaws[0] == "a result that names host thief has no signature"
    assert len(found.flaws) == 2


def test_a_key_says_nothing_of_itself() -> None:
    assert "gggg" not in repr(KEYS)
    assert "gggg" not in repr(key_of("garage"))
