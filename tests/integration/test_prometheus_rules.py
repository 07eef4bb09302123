"""The alert rules and the configuration of the Compose profile, checked by Prometheus's own tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.promtool import MONITORING, promtool


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "--lint=all", "--lint-fatal", str(MONITORING / "rules.yml")),
        ("test", "rules", str(MONITORING / "rules.test.yml")),
        ("check", "config", "--syntax-only", str(MONITORING / "prometheus.yml")),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_promtool_finds_nothing_wrong(arguments: tuple[str, ...]) -> None:
    assert promtool(*arguments) == ""


def test_a_rule_that_is_changed_fails_its_test(tmp_path: Path) -> None:
    rules = (MONITORING / "rules.yml").read_text(encoding="utf-8")
    assert "> 0.95" in rules
    (tmp_path / "rules.yml").write_text(rules.replace("> 0.95", "> 0.99"), encoding="utf-8")
    (tmp_path / "rules.test.yml").write_text(
        (MONITORING / "rules.test.yml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert "NeonetBudgetFull" in promtool("test", "rules", str(tmp_path / "rules.test.yml"))
