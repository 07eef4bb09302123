"""`fleet up` with many more miners than a server's limit carries."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.farms import farm


@pytest.mark.timeout(300)
def test_with_ten_thousand_miners_on_default_settings_the_first_job_is_paid_within_a_minute(tmp_path: Path) -> None:
    with farm(tmp_path, "--miners", "10000") as process:
        process.says("Server:")
        process.says("[REWARD]", timeout_s=60.0)
        assert process.out.count("  registered") < 2_000, "what the limit does not carry is not brought in"
        process.send(signal.SIGTERM)
        assert process.wait(200.0) == 0, process.words()
