"""The map of the code in the docs."""

from __future__ import annotations

from tests.map import PAGE, drawn


def test_the_map_in_the_docs_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == drawn(), "write it again: python -m tests.map --write"
