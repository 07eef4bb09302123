"""The line of a setting in a TOML file."""

from __future__ import annotations

import pytest

from config.toml_lines import line_of

TEXT = '''# a farm
server = "https://neonet.example.com"
http.connections = 8

[log]   # what is logged
level = "INFO"
note = """
[web]
port = 1
"""

[[miner]]
id = "a"

[[miner]]
id = "b"
  tags = ["x",
          "y"]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("server",), 2),
        (("http", "connections"), 3),
        (("log",), 5),
        (("log", "level"), 6),
        (("miner",), 12),
        (("miner", 0, "id"), 13),
        (("miner", 1), 15),
        (("miner", 1, "id"), 16),
        (("miner", 1, "tags", 1), 17),
    ],
)
def test_a_setting_is_found_on_its_line(path: tuple[int | str, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


def test_a_setting_that_is_missing_in_its_table_is_shown_at_the_table() -> None:
    assert line_of(TEXT, ("miner", 1, "name")) == 15


def test_what_stands_in_a_long_text_is_no_setting() -> None:
    assert line_of(TEXT, ("web", "port")) is None
