"""`fleet completion`: prints the script that completes commands and flags in a shell."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      eval "$(fleet completion bash)"    a line for ~/.bashrc
      eval "$(fleet completion zsh)"     a line for ~/.zshrc
      fleet completion fish > ~/.config/fish/completions/fleet.fish
    """
    root = ctx.find_root()
    click.echo(_SHELLS[shell](root.command, {}, "fleet", "_FLEET_COMPLETE").source())
