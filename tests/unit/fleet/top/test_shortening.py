"""A text that is too wide keeps its beginning and its end."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from fleet.top.shortening import shortened


@pytest.mark.parametrize("width", range(1, 40))
def test_a_shortened_text_is_never_wider_than_asked(width: int) -> None:
    for text in ("", "abc", "x" * 39, "再" * 20, "a再" * 13):
        assert cell_len(shortened(text, width)) <= width


def test_beginning_and_end_stay() -> None:
    assert shortened("garage-1", 8) == "garage-1"
    assert shortened("rig-of-the-garage-0017", 13) == "rig-of-t…0017"
