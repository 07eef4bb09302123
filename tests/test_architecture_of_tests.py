"""Where the unit tests of a module are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.source_tree import ROOT

UNIT = ROOT / "tests" / "unit"

#: Unit tests of more than one module, by their path in tests/unit, and what they test.
TOPICS: dict[str, str] = {
    "fleet/test_attacks.py": "one corpus of hostile texts on page and terminal, in metrics, messages and CSV",
    "fleet/test_foreign_text.py": "text of a server on its way through client, miner, ledger and output",
    "tasks/compute/kernels/test_numeric_kernels.py": "the kernels that multiply, reduce and hash",
    "test_map.py": "docs/map.md",
    "test_planted_bugs.py": "tests/virtual: its laws find bugs that are put in on purpose",
    "test_troubleshooting.py": "docs/troubleshooting.md",
    "test_virtual_bans.py": "whole farms under virtual time that the server bans",
    "test_virtual_time.py": "whole farms under virtual time",
    "test_way_of_a_job.py": "docs/architecture.md",
}


def named_module(path: Path) -> Path | None:
    """The module that a unit test names: `a/test_b_c.py` in tests/unit names `a/b_c.py`, or else `a/b.py`."""
    words = path.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    found = (ROOT / path.parent / f"{name}.py" for name in names)
    return next((module for module in found if module.is_file()), None)


@pytest.mark.parametrize("path", sorted(str(path.relative_to(UNIT)) for path in UNIT.rglob("test_*.py")))
def test_a_unit_test_names_its_module(path: str) -> None:
    named = named_module(Path(path)) is not None
    assert named != (path in TOPICS), (
        f"tests/unit/{path} is in TOPICS and names a module as well: take it out of TOPICS"
        if named
        else f"tests/unit/{path} names no module: fleet/miner/retry.py has its tests in "
        "tests/unit/fleet/miner/test_retry.py or test_retry_TOPIC.py; a test of more than one module goes into TOPICS"
    )


@pytest.mark.parametrize("path", TOPICS)
def test_each_topic_has_its_test(path: str) -> None:
    assert (UNIT / path).is_file(), f"TOPICS names tests/unit/{path}, which does not exist"


@pytest.mark.parametrize("path", sorted(str(path.relative_to(UNIT)) for path in UNIT.rglob("test_*.py")))
def test_a_unit_test_imports_no_other_test(path: str) -> None:
    text = (UNIT / path).read_text(encoding="utf-8")
    assert "from tests.unit" not in text, (
        f"tests/unit/{path} imports another test: what both need goes to tests/support"
    )
