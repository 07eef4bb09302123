"""A bar fits its line, shows no more than all, and is silent where no terminal is."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from fleet.status.progress_bar import ProgressBar, progress_line


def test_a_bar_stands_between_the_words_and_the_share() -> None:
    assert progress_line("draining", 3, 6, "3 of 6", 80) == f"draining  {'█' * 15}{'·' * 15}   50%  3 of 6"
    assert progress_line("draining", 0, 0, "", 80) == f"draining  {'·' * 30}    0%"
    assert progress_line("copying the ledger", 1, 2, "a note", 32) == "copying the ledger   50%  a note"


@given(st.text(max_size=60), st.integers(-5, 10**9), st.integers(-5, 10**9), st.text(max_size=60), st.integers(0, 200))
def test_a_line_is_never_wider_than_the_terminal(words: str, done: int, total: int, note: str, width: int) -> None:
    assert len(progress_line(words, done, total, note, width)) <= width


def test_many_steps_are_drawn_ten_times_a_second_and_few_ones_each() -> None:
    now = [0.0]
    for total, drawn in ((1_000, 11), (50, 50)):
        out = io.StringIO()
        bar = ProgressBar(out, width=lambda: 80, clock=lambda: now[0])
        for number in range(total):
            now[0] += 1.0 / total
            assert bar.show("verifying", number, total)
            bar.show("verifying", number, total)
        assert out.getvalue().count("verifying") in range(drawn - 1, drawn + 1)


def test_a_terminal_of_ascii_gets_a_bar_of_ascii() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    ProgressBar(out, width=lambda: 80).show("verifying", 1, 2)
    assert raw.getvalue() == b"\rverifying  " + b"#" * 15 + b"." * 15 + b"   50%\x1b[K\r"


def test_nothing_is_written_where_no_terminal_is() -> None:
    out = io.StringIO()
    bar = ProgressBar(out)
    assert not bar.show("verifying", 1, 2)
    bar.end()
    assert out.getvalue() == ""
