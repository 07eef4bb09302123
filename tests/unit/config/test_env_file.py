"""`.env` has one meaning for `fleet` and for Docker Compose, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.env_file import read_env_file
from config.errors import ConfigError
from config.load import load
from tests.support.env_forms import DIFFERENT, SAME


@pytest.mark.parametrize(("written", "meant"), SAME)
def test_what_both_read_alike_is_taken(written: str, meant: str) -> None:
    read = read_env_file(f"OTHER=x\nFLEET_GPU_MODEL={written}\n")
    assert not read.unclear
    assert read.values["FLEET_GPU_MODEL"] == meant


@pytest.mark.parametrize("written", DIFFERENT)
def test_what_compose_reads_differently_is_refused_by_name_and_the_way_to_write_it(
    tmp_path: Path, written: str
) -> None:
    path = tmp_path / ".env"
    path.write_text(f"FLEET_GPU_MODEL={written}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(env_file=path, environ={})
    [problem] = caught.value.problems
    assert problem.name.startswith("FLEET_GPU_MODEL")
    assert "write FLEET_GPU_MODEL='…' in single quotes" in str(problem)
    # it may be a password
    assert written not in str(problem)


def test_lines_of_other_programs_raise_no_doubt() -> None:
    read = read_env_file("PATH=$HOME/bin\nX='a'b\nexport FLEET_CPU=3 # cores\r\n")
    assert not read.unclear
    assert read.values["FLEET_CPU"] == "3"
