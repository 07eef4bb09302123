"""The `fleet` command. Each subcommand is imported only when it is called, to keep every process small."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from difflib import get_close_matches
from typing import TextIO

import click

from config.hiding import hidden, hide_in_tracebacks
from config.streams import open_streams, report_stream
from fleet.commands.exits import EX_IOERR, EX_USAGE
from tasks.host.open_files import raise_limit

#: subcommand → its module in `fleet.commands` and its help line, in the order of the help
COMMANDS = {
    "up": ("up", "Mine with a whole farm on this machine."),
    "coordinator": ("coordinator", "Hold the sessions of all miners and submit their results."),
    "worker": ("worker", "Compute jobs for a coordinator."),
    "join": ("join", "Compute jobs for a farm on another host."),
    "service": ("service", "Run a farm, or a part of one, under systemd."),
    "simulator": ("simulator", "Run a NeoNet server for demos, tests and benchmarks."),
    "status": ("status", "Show what the farm earns now, and what is wrong."),
    "top": ("top", "Show the same on a full screen, to sort, search and open."),
    "miners": ("miners", "Show the miners: names, sessions, what each earned."),
    "workers": ("workers", "Show the workers: their hosts' hardware, and their release."),
    "rewards": ("rewards", "Show what the farm earned, and what it did not."),
    "history": ("history", "Show what was earned over time, as a plot."),
    "advise": ("advise", "Show what more or fewer miners, hosts or addresses would earn."),
    "bench": ("bench", "Measure how fast this host computes, and what that could earn."),
    "pause": ("control", "Begin nothing new: a miner, tag, server or the whole farm."),
    "resume": ("control", "End a pause or a drain."),
    "drain": ("control", "Finish what is open, then stop it."),
    "retry": ("control", "End the waits after failures now."),
    "log": ("log", "Show who paused and resumed what, when and why."),
    "alert": ("alert", "Try the services that get messages about what is wrong."),
    "token": ("token", "Make and revoke tokens for the farm's HTTP API."),
    "ledger": ("ledger", "Check the ledger's chain, or export its entries."),
    "reconcile": ("reconcile", "Show what was booked beside what the server says it paid."),
    "explain": ("explain", "Show what happened to a job, and why."),
    "replay": ("replay", "Compute jobs again, and compare with what was submitted."),
    "doctor": ("doctor", "Check the farm on this machine, and say what to do."),
    "schedule": ("schedule", "Show when this host computes by its own hours."),
    "reload": ("reload", "Have the running coordinator read its settings again."),
    "upgrade-check": ("upgrade_check", "Try an upgrade before it is made, and prove that nothing was lost."),
    "report": ("report", "Pack what an issue about this farm needs, without secrets."),
    "config": ("config", "Show each setting and its source."),
    "completion": ("completion", "Print the completion script of a shell."),
}
#: called by the containers and by `docker/invite`, not by people
_INTERNAL = dict.fromkeys(("setup", "invite", "renew", "offer", "admit", "dismiss"), "setup")
_MODULES = {name: module for name, (module, _) in COMMANDS.items()} | _INTERNAL | {"forward": "forward"}


class Commands(click.Group):
    """Lists the subcommands without importing them; imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """Names of the subcommands, in the order of the help."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write one help line per subcommand, taken from `COMMANDS`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The subcommand of that name, or None if there is none."""
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"fleet.commands.{_MODULES[cmd_name]}")
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        command = getattr(module, cmd_name.replace("-", "_"))
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, and suggest a near name for a typo: click itself only searches imported commands."""
        name = args[0]
        if name not in _MODULES and not name.startswith("-"):
            near = get_close_matches(name, self.list_commands(ctx), n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {name!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="neonet-fleet", prog_name="fleet")
def fleet() -> None:
    """Run a NeoNet mining farm: one coordinator, workers on as many hosts as you like, an exact ledger.

    \b
    Examples:
      fleet up                                      a whole farm, on the simulator
      fleet up --server https://neonet.example.com  the same, for real rewards
      fleet rewards --by day                        what it earned
    """


def main() -> int:
    """Run the command and return its exit code, one of sysexits."""
    open_streams()
    hide_in_tracebacks()
    report_stream()
    # imported modules are never garbage, and collecting while they load takes a sixth of a report's time
    gc.disable()
    # each connection to the server or Redis needs a file descriptor; child processes inherit the limit
    raise_limit()
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader closed the pipe
        return 0
    except OSError as exc:
        _void(sys.stdout)
        click.echo(hidden(f"fleet: {exc.filename or 'writing'}: {exc.strerror or exc}"), err=True)
        return EX_IOERR
    return code


def _run() -> int:
    try:
        # click returns the code that was passed to `ctx.exit`
        code = fleet.main(standalone_mode=False)
    except click.Abort:
        return 130
    except click.ClickException as exc:
        # an id may have been given in the wrong place
        exc.message = hidden(exc.message)  # type: ignore[misc]  # click reads it from the instance
        exc.show()
        return EX_USAGE if isinstance(exc, click.UsageError) else exc.exit_code
    return code if isinstance(code, int) else 0


def _void(stream: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
