"""How answers are encoded."""

from __future__ import annotations

from fleet.simulator.answers import encode_raw, raw_number


def test_a_number_can_be_written_as_no_float_spells_it() -> None:
    assert encode_raw({"a": [raw_number("1e400")], "b": "1e400"}) == b'{"a":[1e400],"b":"1e400"}'
