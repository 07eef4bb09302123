"""The book of payments is exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fleet.simulator.book import Book, PaymentKind


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
