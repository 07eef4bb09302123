"""How a command that fails ends: a message on stderr, and with --json an object on stdout."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import click
import pytest

from fleet.commands.exits import EX_TEMPFAIL, Failure


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--stated", is_flag=True)
def failing(*, as_json: bool, stated: bool) -> None:
    if as_json and stated:
        click.echo(json.dumps({"jobs": 0}))
    raise Failure("another coordinator\nholds it", EX_TEMPFAIL, stated=stated)


def ended(*arguments: str) -> None:
    with pytest.raises(Failure) as failure:
        failing.main(arguments, standalone_mode=False)
    assert failure.value.exit_code == EX_TEMPFAIL
    failure.value.show()


def test_with_json_the_last_line_of_stdout_states_the_failure(capsys: pytest.CaptureFixture[str]) -> None:
    ended("--json")
    out, err = capsys.readouterr()
    assert json.loads(out) == {"error": "another coordinator\nholds it", "exit_code": EX_TEMPFAIL}
    assert err == "fleet: another coordinator\nfleet: holds it\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_message_is_wrapped_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stderr", Terminal())
    Failure("the farm has no miner 'shed-3': there are attic-1, garage-1", EX_TEMPFAIL).show()
    assert isinstance(sys.stderr, Terminal)
    assert sys.stderr.getvalue() == "fleet: the farm has no miner 'shed-3':\n  there are attic-1, garage-1\n"


def test_the_width_is_that_of_the_terminal_of_stderr_while_stdout_is_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    # a dumb terminal counts as 80 characters wide
    monkeypatch.setenv("TERM", "xterm")
    main, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 40, 0, 0))
    message = "the farm has no miner 'shed-3': there are attic-1, garage-1"
    code = f"from fleet.commands.exits import Failure; Failure({message!r}, 75).show()"
    command = [sys.executable, "-c", code]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave, check=True)
    os.close(slave)
    shown = os.read(main, 4096).decode()
    os.close(main)
    assert shown.splitlines() == ["fleet: the farm has no miner 'shed-3':", "  there are attic-1, garage-1"]


def test_figures_that_state_the_failure_stay_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    ended("--json", "--stated")
    assert json.loads(capsys.readouterr().out) == {"jobs": 0}


def test_without_json_stdout_stays_empty(capsys: pytest.CaptureFixture[str]) -> None:
    ended()
    assert capsys.readouterr().out == ""
