"""JSON with exact amounts: each keeps its digits, and no text is taken for an amount."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from fleet.exact_json import dump


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1.50", "1.5"),
        ("0E-8", "0"),
        ("1E+3", "1000"),
        ("5E-324", f"0.{'0' * 323}5"),
        ("2500000.250000000000000000000001", "2500000.250000000000000000000001"),
        ("-0.1", "-0.1"),
    ],
)
def test_an_amount_is_a_number_with_all_its_digits(amount: str, written: str) -> None:
    assert dump({"nnet": Decimal(amount)}) == f'{{"nnet": {written}}}'


@pytest.mark.parametrize("text", ["\0000\0", "\0001\0", '\\u00000\\u0000"', '"1.5"'])
def test_a_text_stays_a_text(text: str) -> None:
    value = {"reason": text, "nnet": Decimal("1.5"), "paid": [Decimal(2)], text: "name"}
    assert json.loads(dump(value), parse_float=Decimal) == {**value, "paid": [2]}


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(TypeError, match="set is no JSON"):
        dump({"nnet": {1}})
