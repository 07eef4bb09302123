"""`docker/backup` and `docker/restore`: encrypted by a passphrase, from a file or typed; restored whole or not at all.

The real scripts, tar and openssl. In place of the engine, `docker compose run archive` runs the image's script here.

One file: each test backs up or restores the same made-up farm, by the same stand-in for the engine.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.processes import eventually
from tests.support.terminal import Terminal, in_terminal

ROOT = Path(__file__).parents[2]
PASSPHRASE = "twelve ünlikely wörds '$HOME' \"x\" \\"
KEYS, STATE = "setup/keys", "var/lib/neonet-fleet"
ENGINE = """#!/bin/sh
[ "$1 $2 $3 $4 $5" = "compose run --rm --no-TTY archive" ] || exit 99
shift 5
tr '\\0' ' ' </proc/$PPID/cmdline >>"$SEEN"; tr '\\0' ' ' </proc/$$/environ >>"$SEEN"
exec "$ARCHIVE" "$@" "$FARM"
"""


class Farm:
    """The volumes of a farm, and the project's scripts with an engine that reaches them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "root"
        for place in (KEYS, STATE):
            (self.root / place).mkdir(parents=True)
        (folder / "bin").mkdir()
        engine = folder / "bin/docker"
        engine.write_text(ENGINE, encoding="utf-8")
        engine.chmod(0o755)
        shutil.copytree(ROOT / "docker", folder / "docker")
        python = Path(sys.executable).parent
        self.env = {
            "PATH": f"{folder}/bin:{python}:/usr/bin:/bin",
            "FARM": str(self.root),
            "SEEN": str(folder / "seen"),
            "ARCHIVE": str(ROOT / "docker/archive"),
        }

    def mined(self) -> Farm:
        """The farm with a key, a ledger and files that no backup needs."""
        (self.root / KEYS / "ca.key").write_text("secret key", encoding="utf-8")
        (self.root / STATE / "miner-ids").write_text("neo1" + "a" * 40, encoding="utf-8")
        (self.root / STATE / "coordinator.lock").touch()
        with closing(sqlite3.connect(self.root / STATE / "ledger.sqlite")) as connection:
            connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (7)")
        return self

    def run(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [str(self.folder / "docker" / script), *words]
        return subprocess.run(
            argv, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False, start_new_session=True
        )

    def files(self) -> dict[str, bytes]:
        """Everything in the volumes."""
        return {str(one.relative_to(self.root)): one.read_bytes() for one in self.root.rglob("*") if one.is_file()}

    def rows(self) -> list[tuple[int]]:
        with closing(sqlite3.connect(self.root / STATE / "ledger.sqlite")) as connection:
            return connection.execute("SELECT x FROM t").fetchall()


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    return Farm(tmp_path / "old").mined()


@pytest.fixture
def other(tmp_path: Path) -> Farm:
    return Farm(tmp_path / "new")


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    return str(path)


def backed_up(farm: Farm, secret: str) -> Path:
    done = farm.run("backup", "--passphrase-file", secret, "farm.tgz.enc")
    assert done.returncode == 0, done.stderr
    return farm.folder / "farm.tgz.enc"


def test_what_is_restored_is_what_was_backed_up(farm: Farm, other: Farm, secret: str) -> None:
    archive = backed_up(farm, secret)
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in farm.folder.glob("farm*")] == ["farm.tgz.enc"]
    raw = archive.read_bytes()
    assert b"secret key" not in raw
    assert b"miner-ids" not in raw
    done = other.run("restore", f"--passphrase-file={secret}", str(archive))
    assert done.returncode == 0, done.stderr
    assert other.rows() == [(7,)]
    assert set(other.files()) == {f"{KEYS}/ca.key", f"{STATE}/miner-ids", f"{STATE}/ledger.sqlite"}
    assert other.files()[f"{KEYS}/ca.key"] == b"secret key"


def test_the_passphrase_is_in_no_argument_and_no_environment(farm: Farm, other: Farm, secret: str) -> None:
    archive = backed_up(farm, secret)
    assert other.run("restore", "--passphrase-file", secret, str(archive)).returncode == 0
    for one in (farm, other):
        seen = (one.folder / "seen").read_text(encoding="utf-8")
        assert "docker" in seen
        assert "ünlikely" not in seen


def test_openssl_and_tar_alone_open_a_backup(farm: Farm, secret: str, tmp_path: Path) -> None:
    archive = backed_up(farm, secret)
    command = f"openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -in {archive} -pass file:{secret} | tar -xz"
    subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / KEYS / "ca.key").read_text(encoding="utf-8") == "secret key"


def spoilt(raw: bytes, how: str) -> bytes:
    middle = len(raw) // 2
    return {
        "cut off": raw[: middle // 16 * 16],
        "a bit changed": raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :],
        "a block left out": raw[: middle // 16 * 16] + raw[middle // 16 * 16 + 16 :],
        "nothing but its beginning": raw[:16],
    }[how]


@pytest.mark.parametrize("how", ["cut off", "a bit changed", "a block left out", "nothing but its beginning"])
def test_a_damaged_backup_changes_nothing(how: str, farm: Farm, other: Farm, secret: str) -> None:
    archive = backed_up(farm, secret)
    archive.write_bytes(spoilt(archive.read_bytes(), how))
    done = other.run("restore", "--passphrase-file", secret, str(archive))
    assert (done.returncode, other.files()) == (65, {})
    assert done.stderr == "the passphrase is wrong, or the archive is damaged; nothing was changed\n"


def test_a_wrong_passphrase_says_so_and_changes_nothing(farm: Farm, other: Farm, secret: str, tmp_path: Path) -> None:
    archive = backed_up(farm, secret)
    wrong = tmp_path / "wrong"
    wrong.write_text("not the right one", encoding="utf-8")
    done = other.run("restore", "--passphrase-file", str(wrong), str(archive))
    assert (done.returncode, other.files()) == (65, {})
    assert done.stderr == "the passphrase is wrong, or the archive is damaged; nothing was changed\n"


def test_a_farm_that_has_a_ledger_is_left_alone(farm: Farm, secret: str) -> None:
    archive, before = backed_up(farm, secret), farm.files()
    done = farm.run("restore", "--passphrase-file", secret, str(archive))
    assert (done.returncode, farm.files()) == (78, before)
    assert "has keys or a ledger already" in done.stderr


def test_a_plain_backup_of_an_earlier_release_is_restored_without_a_passphrase(farm: Farm, other: Farm) -> None:
    archive = farm.folder / "farm.tar"
    with tarfile.open(archive, "w") as tar:
        for place in (KEYS, STATE):
            tar.add(farm.root / place, place)
    done = other.run("restore", str(archive))
    assert done.returncode == 0, done.stderr
    assert other.rows() == [(7,)]


@pytest.mark.parametrize("passphrase", ["", "short", "x" * 501])
def test_a_passphrase_that_is_no_use_writes_nothing(passphrase: str, farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text(passphrase, encoding="utf-8")
    done = farm.run("backup", "--passphrase-file", str(tmp_path / "bad"), "farm.tgz.enc")
    assert done.returncode == 65
    assert "8 to 500" in done.stderr
    assert list(farm.folder.glob("farm*")) == []


def test_without_a_terminal_the_passphrase_needs_a_file(farm: Farm) -> None:
    done = farm.run("backup", "farm.tgz.enc")
    assert done.returncode == 64
    assert "--passphrase-file" in done.stderr


@pytest.mark.parametrize("words", [(), ("a", "b"), ("--passphrase-file", "x"), ("--unknown",)])
@pytest.mark.parametrize("script", ["backup", "restore"])
def test_wrong_arguments_are_a_usage_error(script: str, words: tuple[str, ...], farm: Farm) -> None:
    assert farm.run(script, *words).returncode == 64


def test_a_backup_that_fails_leaves_the_one_before(farm: Farm, secret: str) -> None:
    archive = backed_up(farm, secret)
    before = archive.read_bytes()
    (farm.root / STATE / "ledger.sqlite").write_bytes(b"no database" * 1000)
    assert farm.run("backup", "--passphrase-file", secret, "farm.tgz.enc").returncode != 0
    assert archive.read_bytes() == before
    assert [one.name for one in farm.folder.glob("farm*")] == ["farm.tgz.enc"]


def answer(terminal: Terminal, question: str, words: str) -> None:
    """Type words once the question is there and the terminal shows nothing of what is typed."""
    eventually(question, lambda: terminal.shown.endswith(question) and not terminal.echoes)
    terminal.type(f"{words}\n")


def test_a_typed_passphrase_is_asked_for_twice_and_not_shown(farm: Farm, other: Farm, secret: str) -> None:
    argv = [str(farm.folder / "docker/backup"), "farm.tgz.enc"]
    for again, code in (("another one", 65), (PASSPHRASE, 0)):
        with in_terminal(argv, farm.folder, farm.env) as terminal:
            answer(terminal, "passphrase: ", PASSPHRASE)
            answer(terminal, "the same once more: ", again)
            assert terminal.wait() == code
            assert "ünlikely" not in terminal.shown
    done = other.run("restore", "--passphrase-file", secret, str(farm.folder / "farm.tgz.enc"))
    assert done.returncode == 0, done.stderr


def test_a_terminal_sees_the_archive_grow_and_a_pipe_does_not(farm: Farm, secret: str) -> None:
    slow = farm.folder / "bin/docker"
    slow.write_text(ENGINE.replace("exec ", 'until [ -e "$SEEN.enough" ]; do sleep 0.1; done; exec '), encoding="utf-8")
    argv = [str(farm.folder / "docker/backup"), "--passphrase-file", secret, "farm.tgz.enc"]
    with in_terminal(argv, farm.folder, farm.env) as terminal:
        eventually("how large it is", lambda: "saving: 0 KiB written" in terminal.shown)
        (farm.folder / "seen.enough").touch()
        assert terminal.wait() == 0, terminal.shown
    assert "saving" not in farm.run("backup", "--passphrase-file", secret, "farm.tgz.enc").stderr
