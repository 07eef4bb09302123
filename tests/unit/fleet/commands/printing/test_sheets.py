"""Cells of a CSV file: none is a formula to any spreadsheet, and each gives its text back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.commands.printing.sheets import inert, restored

#: what OWASP lists, its full-width and small forms, and the same behind what a spreadsheet skips
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\N{FULLWIDTH EQUALS SIGN}1+1",
    "\N{FULLWIDTH PLUS SIGN}1",
    "\N{FULLWIDTH HYPHEN-MINUS}1",
    "\N{FULLWIDTH COMMERCIAL AT}SUM(1)",
    "﹦1",
    "﹢1",
    "﹣1",
    "﹫A1",
    "−1+1",
    " =1+1",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1+1",
    "-1_000",
    "-inf",
    "-٣",
    "-1\n",
]
TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("'=+-@\N{FULLWIDTH EQUALS SIGN}\t\n 1e.a"), st.characters()), max_size=8
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_starts_with_a_quote(text: str) -> None:
    assert inert(text) == f"'{text}"
    assert restored(inert(text)) == text


@pytest.mark.parametrize(
    "text", ["", "rig-1", "1", "-1", "+1.5", "-0.14285714285714285", "1E-7", "it's", "'tis", "a=b", "…", "neo1abc", "'"]
)
def test_an_amount_a_name_and_a_plain_text_stay_as_they_are(text: str) -> None:
    assert inert(text) == text == restored(text)


def test_a_formula_and_the_same_behind_a_quote_are_two_cells() -> None:
    cells = [inert(text) for text in ("=1+1", "'=1+1", "''=1+1")]
    assert cells == ["'=1+1", "''=1+1", "'''=1+1"]
    assert [restored(cell) for cell in cells] == ["=1+1", "'=1+1", "''=1+1"]


@given(TEXTS)
def test_every_text_comes_back(text: str) -> None:
    assert restored(inert(text)) == text


@given(TEXTS, TEXTS)
def test_two_texts_are_two_cells(one: str, other: str) -> None:
    assert (inert(one) == inert(other)) == (one == other)
