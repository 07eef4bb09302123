"""A clone on a machine whose git turns line ends into Windows' own: the scripts of the project stay as they are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: git's own way to say what the working copy holds: no text with `\r\n`, and none with both kinds
_FOREIGN = ("w/crlf", "w/mixed")


def git(*arguments: str, folder: Path) -> str:
    options = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *options, *arguments], cwd=folder, capture_output=True, check=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `git clone -c core.autocrlf=true` makes of the project as it lies here."""
    origin, folder = tmp_path_factory.mktemp("origin"), tmp_path_factory.mktemp("clones") / "clone"
    for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, origin / name)
    git("init", "--quiet", folder=origin)
    git("add", "--all", folder=origin)
    git("commit", "--quiet", "--message", "as it lies here", folder=origin)
    git("clone", "--quiet", "-c", "core.autocrlf=true", str(origin), str(folder), folder=origin)
    return folder


def test_no_file_has_a_carriage_return(clone: Path) -> None:
    listed = git("ls-files", "--eol", folder=clone).splitlines()
    assert len(listed) > 300
    assert [line for line in listed if any(mark in line for mark in _FOREIGN)] == []


def test_a_script_of_the_clone_runs(clone: Path) -> None:
    done = subprocess.run(["docker/setting", "JOIN_PORT"], cwd=clone, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_pictures_are_as_they_were(clone: Path) -> None:
    picture = Path("docs/img/flower.png")
    assert (clone / picture).read_bytes() == (ROOT / picture).read_bytes()
