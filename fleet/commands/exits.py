"""Exit codes of commands, after sysexits, and the errors that carry them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import click

from config.hiding import hidden
from fleet.errors import LedgerBusy, LedgerError, LedgerLocked, RedisHeld, ServiceError, ThreadEnded, WrongSetting
from fleet.server.verdict import Trouble

#: the command line is wrong
EX_USAGE = 64
#: the data that was read is invalid, e.g. a corrupt ledger
EX_DATAERR = 65
#: what was asked for is not there, e.g. a job whose data are not kept
EX_NOINPUT = 66
#: a host's name does not resolve
EX_NOHOST = 68
#: a required service doesn't answer, or `fleet doctor` found a fault
EX_UNAVAILABLE = 69
#: the program failed; the same command may succeed
EX_SOFTWARE = 70
#: a file or folder can't be created
EX_CANTCREAT = 73
#: reading or writing failed
EX_IOERR = 74
#: the same command may succeed later
EX_TEMPFAIL = 75
#: the server stated no totals to compare with, or the answer does not come from a NeoNet server
EX_PROTOCOL = 76
#: a permission is missing
EX_NOPERM = 77
#: the settings are wrong
EX_CONFIG = 78

#: the exit code for each reason why nothing could be mined
_BY_TROUBLE = {
    Trouble.REDIRECTED: EX_CONFIG,
    Trouble.NO_MINING: EX_CONFIG,
    Trouble.UNTRUSTED: EX_CONFIG,
    Trouble.FOREIGN: EX_PROTOCOL,
    Trouble.UNKNOWN_HOST: EX_NOHOST,
    Trouble.BANNED: EX_TEMPFAIL,
    Trouble.AWAY: EX_UNAVAILABLE,
    Trouble.NO_JOB: EX_UNAVAILABLE,
}


class Failure(click.ClickException):
    """Ends a command with `exit_code` and a message on stderr. With --json, stdout states both in one JSON object."""

    def __init__(self, message: str, exit_code: int, *, stated: bool = False) -> None:
        """`stated` says that the command has printed its JSON already, so that the failure adds none."""
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance, too
        context = click.get_current_context(silent=True)
        self._as_json = not stated and context is not None and bool(context.params.get("as_json"))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message without miners' ids, each line after `fleet:`, wrapped between words on a terminal."""
        # by its name, since only a failure needs it: help and completion load no rich
        tables = importlib.import_module("fleet.commands.printing.tables")
        screen = tables.console(to_stderr=True)
        for text in hidden(self.message).splitlines():
            for line in tables.wrapped(f"fleet: {text}", screen.width) if screen.is_terminal else [f"fleet: {text}"]:
                click.echo(line, file=file, err=True)
        if self._as_json:
            click.echo(json.dumps({"error": self.message, "exit_code": self.exit_code}))


def nothing_mined(figures: Mapping[str, Any]) -> Failure | None:
    """The Failure for a run whose figures (`fleet.coordinator.output.summary`) show that it got no job, else None.

    A run that a user stopped states the reason in its figures, and is no failure of the command.
    """
    nothing = figures["nothing_mined"]
    if nothing is None:
        return None
    code = 0 if nothing["asked"] else _BY_TROUBLE[Trouble(nothing["trouble"])]
    return Failure(f"nothing was mined: {nothing['text']}", code, stated=True)


@contextmanager
def farm_errors() -> Iterator[None]:
    """Turn the farm's errors of the block into Failures: an unusable ledger, an unavailable service."""
    try:
        yield
    except (LedgerBusy, LedgerLocked, RedisHeld) as exc:
        raise Failure(str(exc), EX_TEMPFAIL) from exc
    except LedgerError as exc:
        raise Failure(str(exc), EX_CANTCREAT) from exc
    except WrongSetting as exc:
        raise Failure(str(exc), EX_CONFIG) from exc
    except ServiceError as exc:
        raise Failure(str(exc), EX_UNAVAILABLE) from exc
    except ThreadEnded as exc:
        raise Failure(f"{exc}; start it again: it continues from the ledger", EX_SOFTWARE) from exc
    except BrokenPipeError:
        raise
    except OSError as exc:
        # any write may fail on a full disk
        raise Failure(f"{exc.filename or 'writing'}: {exc.strerror or exc}", EX_IOERR) from exc
