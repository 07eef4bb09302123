"""The `fleet` command. A subcommand is imported when it is called, so that each process loads only what it uses."""

from __future__ import annotations

import importlib
import sys
from difflib import get_close_matches

import click

from fleet.commands.exits import EX_USAGE

#: subcommand → module in `fleet.commands`, in the order of the help
COMMANDS = {
    "up": "up",
    "coordinator": "coordinator",
    "worker": "worker",
    "join": "join",
    "service": "service",
    "simulator": "simulator",
    "rewards": "rewards",
    "ledger": "ledger",
    "reconcile": "reconcile",
    "explain": "explain",
    "config": "config",
    "setup": "setup",
    "invite": "setup",
    "dismiss": "setup",
}


#: called by the containers and by `docker/invite`, not by people
_INTERNAL = frozenset({"setup", "invite", "dismiss"})


class Commands(click.Group):
    """Finds each subcommand in the module that `COMMANDS` names, under its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """Names in the order of the help."""
        return [name for name in COMMANDS if name not in _INTERNAL]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The subcommand, None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"fleet.commands.{COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, which would suggest nothing: it looks among the commands that a group holds from its start."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
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
      fleet up                                         a whole farm on this machine, on the simulator
      fleet up --server https://neonet.example.com     the same, for real rewards
      fleet rewards --by day                           what it earned
    """


def main() -> int:
    """Run the command; its exit code is one of sysexits."""
    try:
        # click hands back the code of `ctx.exit`
        code = fleet.main(standalone_mode=False)
    except click.Abort:
        return 130
    except click.UsageError as exc:
        exc.show()
        return EX_USAGE
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0
