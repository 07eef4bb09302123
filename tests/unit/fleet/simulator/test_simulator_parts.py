"""The simulator's single parts: ids, limit, book, mix, delays, faults."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.simulator.answers import encode_raw, raw_number
from fleet.simulator.book import Book, PaymentKind
from fleet.simulator.errors import OptionError
from fleet.simulator.faultkinds import FaultKind, Stage, stage_of
from fleet.simulator.faults import Fault, FaultTable, build_fault, parse_fault
from fleet.simulator.jobids import JobIds
from fleet.simulator.jobs import JOB_TYPE_NAMES, draw_data, poisoned
from fleet.simulator.latency import Delay, Latency
from fleet.simulator.mix import Mix, TypeDraw, parse_mix
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit, SlidingWindow
from tasks.jobtypes import JOB_TYPES


@given(number=st.integers(0, 2**48 - 1), seed=st.integers())
def test_a_job_id_is_a_uuid_that_leads_back_to_its_number(number: int, seed: int) -> None:
    ids = JobIds(seed)
    job_id = ids.issue(number)
    assert ids.number(job_id) == number
    assert (len(job_id), job_id[14], job_id[19] in "89ab") == (36, "4", True)


@given(text=st.text(max_size=40) | st.uuids(version=4).map(str))
def test_an_id_that_was_never_issued_has_no_number(text: str) -> None:
    assert JobIds(1).number(text) is None


def test_ids_of_another_seed_are_unknown() -> None:
    assert JobIds(1).number(JobIds(2).issue(5)) is None


def test_the_window_slides_and_refused_requests_take_no_place() -> None:
    window = SlidingWindow(RateLimit(requests=2, window_s=10))
    times = (0.0, 1.0, 2.0, 9.9, 10.0, 10.5, 11.0, 11.1)
    assert [window.admit("a", at) for at in times] == [True, True, False, False, True, False, True, False]


def test_each_address_has_a_window_of_its_own() -> None:
    window = SlidingWindow(RateLimit(requests=1, window_s=10))
    assert [window.admit(address, 0.0) for address in ("a", "b", "a")] == [True, True, False]
    assert window.used(5.0) == 1.0
    assert window.used(50.0) == 0.0


def test_no_limit_admits_everything() -> None:
    window = SlidingWindow(RateLimit(requests=0))
    assert all(window.admit("a", 0.0) for _ in range(10_000))


@given(st.lists(st.floats(min_value=0, max_value=1e9), max_size=60))
def test_the_book_adds_exactly(amounts: list[float]) -> None:
    book = Book()
    for amount in amounts:
        book.pay("m", PaymentKind.JOB, Decimal(repr(amount)), at=0.0, job=1, job_type="inference")
    exact = sum((Fraction(repr(amount)) for amount in amounts), Fraction(0))
    assert book.total("m").as_integer_ratio() == exact.as_integer_ratio()


def test_the_book_keeps_an_amount_that_no_float_spells() -> None:
    book = Book()
    odd = Decimal("0.6056255803980392") - Decimal("0.41827860009345551")
    book.pay("m", PaymentKind.HEARTBEAT, odd, at=5.0)
    ((_, row),) = book.rows()
    assert row == {"miner": "m", "kind": "heartbeat", "job_id": None, "job_type": None, "amount": str(odd), "at": 5.0}
    assert book.totals("m")["heartbeats_nnet"] == str(odd)


def test_the_books_totals_are_apart_by_miner_and_kind() -> None:
    book = Book()
    book.pay("a", PaymentKind.JOB, Decimal("0.1"), at=0.0, job=0, job_type="inference")
    book.pay("b", PaymentKind.JOB, Decimal("0.2"), at=0.0, job=1, job_type="inference")
    book.pay("a", PaymentKind.HEARTBEAT, Decimal("1e-20"), at=0.0)
    assert book.totals() == {
        "total_nnet": "0.30000000000000000001",
        "jobs_nnet": "0.3",
        "heartbeats_nnet": "0.00000000000000000001",
        "payments": {"jobs": 2, "heartbeats": 1},
        "per_miner": {"a": "0.10000000000000000001", "b": "0.2"},
    }
    assert book.totals("b")["total_nnet"] == "0.2"
    assert book.totals("nobody")["total_nnet"] == "0"


def test_every_job_type_of_the_protocol_can_be_drawn_and_poisoned() -> None:
    assert set(JOB_TYPE_NAMES) == set(JOB_TYPES)
    for name in JOB_TYPE_NAMES:
        assert draw_data(name, Random(1)) == draw_data(name, Random(1))
        assert poisoned(name) != draw_data(name, Random(1))


def test_a_mix_hands_out_its_order_first_and_then_by_weight() -> None:
    draw = TypeDraw(Mix(weights={"inference": 3, "data_hash": 1, "matrix_ops": 0}, order=("matrix_ops",)), ())
    rng = Random(1)
    drawn = [draw(rng) for _ in range(4001)]
    assert drawn[0] == "matrix_ops"
    assert "matrix_ops" not in drawn[1:]
    assert 2800 < drawn.count("inference") < 3200


@pytest.mark.parametrize(
    "text", ["nonsense", "inference=x", "inference=-1", "inference=nan", "inference=0", "light,inference"]
)
def test_a_mistyped_mix_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_mix(text)


def test_delays_are_those_of_the_road_and_grow_with_the_jobs() -> None:
    latency = Latency(
        usual=Delay(fixed_ms=10), endpoints={"gas": Delay(fixed_ms=50, jitter_ms=20)}, fetch_growth_us=100
    )
    rng = Random(1)
    assert latency.draw_s("register", rng, jobs_so_far=1000) == 0.010
    assert latency.draw_s("task", rng, jobs_so_far=1000) == pytest.approx(0.110)
    assert all(0.050 <= latency.draw_s("gas", rng, jobs_so_far=0) <= 0.070 for _ in range(100))


def test_a_fault_is_read_from_a_line() -> None:
    fault = parse_fault("refused,roads=task|gas,miners=A|b,probability=0.5,count=3,after=2,value=Wed, 21 Oct 2015")
    assert fault == Fault(
        kind=FaultKind.REFUSED,
        endpoints=frozenset({"task", "gas"}),
        miners=frozenset({"a", "b"}),
        probability=0.5,
        count=3,
        after=2,
        value="Wed, 21 Oct 2015",
    )


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "html,roads=nowhere",
        "html,probability=2",
        "html,probability=nan",
        "html,count=0",
        "html,count=x",
        "html,after=-1",
        "html,colour=red",
    ],
)
def test_a_mistyped_fault_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_fault(text)


@pytest.mark.parametrize("fields", [{}, {"kind": 5}, {"kind": "html", "roads": 7}, {"kind": "html", "count": [1]}])
def test_a_fault_object_of_the_wrong_types_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        build_fault(fields)


def test_a_fault_strikes_after_so_many_requests_and_so_often() -> None:
    table = FaultTable([parse_fault("html,roads=gas,miners=m,after=2,count=2")], Random(1))
    assert table.draw("task", "m") is None
    assert table.draw("gas", "other") is None
    assert [table.draw("gas", "m") is not None for _ in range(6)] == [False, False, True, True, False, False]
    assert table.stated()[0]["struck"] == 2


def test_a_likely_fault_strikes_about_as_often_as_it_says() -> None:
    table = FaultTable([parse_fault("html,probability=0.25")], Random(1))
    assert 2300 < sum(table.draw("gas", "") is not None for _ in range(10_000)) < 2700


def test_faults_of_jobs_strike_only_where_jobs_are_handed_out() -> None:
    for kind in FaultKind:
        if stage_of(kind) is Stage.JOB:
            assert not Fault(kind=kind).matches("register", "m")
            assert Fault(kind=kind).matches("task", "m")


def test_a_number_can_be_written_as_no_float_spells_it() -> None:
    assert encode_raw({"a": [raw_number("1e400")], "b": "1e400"}) == b'{"a":[1e400],"b":"1e400"}'


@pytest.mark.parametrize(
    "wrong",
    [
        {"dialect": "z"},
        {"port": 70_000},
        {"share_min": -1},
        {"share_min": 1, "share_max": 0.5},
        {"block_budget": -1},
        {"save_balances_s": -1},
        {"shutdown_at": -1},
    ],
)
def test_wrong_options_cannot_be_built(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        SimulatorOptions(**wrong)  # type: ignore[arg-type]
