"""What a farm remembers when all of its containers, or all of its volumes, are gone."""

from __future__ import annotations

import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.compose import Farm, until

pytestmark = pytest.mark.timeout(300)


def earned(farm: Farm) -> dict[str, Decimal]:
    """What the ledger holds for each miner."""
    return {row["miner_id"]: Decimal(row["total_nnet"]) for row in farm.ledger()["rows"]}


def test_the_history_is_there_after_down_and_up(mining: Farm) -> None:
    earlier = earned(mining)
    mining.goes_on(100)
    before = earned(mining)
    # other tests had the farm mine with further ids
    miners = {miner for miner, amount in before.items() if amount > earlier.get(miner, 0)}
    assert len(miners) == 8
    mining.compose("down")
    mining.compose("up", "--detach", "--wait")

    def paid_again() -> bool:
        now = earned(mining)
        return all(now[miner] > before[miner] for miner in miners)

    until(paid_again, 120, "each miner is paid again")
    assert set(earned(mining)) == set(before)


def test_a_farm_is_restored_from_its_backup(mining: Farm, tmp_path: Path) -> None:
    archive, secret, wrong = (tmp_path / name for name in ("farm.tgz.enc", "passphrase", "wrong"))
    secret.write_text("eight words that nobody would guess\n", encoding="utf-8")
    wrong.write_text("another one\n", encoding="utf-8")
    password = mining.run_in("worker", "cat", "/run/secrets/FLEET_REDIS_URL")
    before = earned(mining)
    assert script(mining, "docker/backup", "--passphrase-file", str(secret), str(archive)).returncode == 0
    assert archive.stat().st_mode & 0o777 == 0o600
    mining.goes_on(5)
    refused = script(mining, "docker/restore", "--passphrase-file", str(secret), str(archive))
    assert refused.returncode == 78
    assert "has keys or a ledger already" in refused.stderr
    mining.compose("down", "--volumes")
    refused = script(mining, "docker/restore", "--passphrase-file", str(wrong), str(archive))
    assert refused.returncode == 65
    assert "the passphrase is wrong, or the archive is damaged; nothing was changed" in refused.stderr
    done = script(mining, "docker/restore", "--passphrase-file", str(secret), str(archive))
    assert done.returncode == 0, done.stderr
    mining.compose("up", "--detach", "--wait")
    restored = earned(mining)
    assert set(restored) == set(before)
    assert all(restored[miner] >= before[miner] for miner in before)
    assert mining.run_in("worker", "cat", "/run/secrets/FLEET_REDIS_URL") == password
    mining.goes_on(20)
    assert "chain intact" in mining.run_in("coordinator", "fleet", "ledger", "verify")


def script(farm: Farm, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of the project's scripts as a user does."""
    return subprocess.run(command, cwd=farm.folder, env=farm.environ, capture_output=True, text=True, check=False)
