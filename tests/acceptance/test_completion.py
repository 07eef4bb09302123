"""`fleet completion` in a real shell: the words that a Tab offers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent

#: asks bash for what it would offer behind the words of the command line `$1`
ASK_BASH = """
eval "$(fleet completion bash)"
read -r -a COMP_WORDS <<<"$1"
[[ $1 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_fleet_completion fleet "${COMP_WORDS[COMP_CWORD]}" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(line: str) -> list[str]:
    bash = shutil.which("bash")
    assert bash, "no bash on the PATH"
    environ = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [bash, "-c", ASK_BASH, "bash", line], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [("fleet rec", ["reconcile"]), ("fleet rewards --js", ["--json"]), ("fleet ledger ver", ["verify"])],
)
def test_bash_offers_commands_and_flags(line: str, words: list[str]) -> None:
    assert offered(line) == words


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_of_their_own(shell: str) -> None:
    done = subprocess.run([BIN / "fleet", "completion", shell], capture_output=True, text=True, check=True, timeout=60)
    assert f"_FLEET_COMPLETE={shell}_complete" in done.stdout
