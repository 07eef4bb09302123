"""The `fleet` command."""

from __future__ import annotations

import sys
from importlib.metadata import version

import click

from fleet.commands.config import config
from fleet.commands.coordinator import coordinator
from fleet.commands.exits import EX_USAGE
from fleet.commands.join import join
from fleet.commands.rewards import rewards
from fleet.commands.setup import dismiss, invite, setup
from fleet.commands.simulator import simulator
from fleet.commands.up import up
from fleet.commands.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("neonet-fleet"), prog_name="fleet")
def fleet() -> None:
    """Run a NeoNet mining farm: one coordinator, workers on as many hosts as you like, an exact ledger.

    \b
    Examples:
      fleet up                                         a whole farm on this machine, on the simulator
      fleet up --server https://neonet.example.com     the same, for real rewards
      fleet rewards --by day                           what it earned
    """


for command in (up, coordinator, worker, join, simulator, rewards, config, setup, invite, dismiss):
    fleet.add_command(command)


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
