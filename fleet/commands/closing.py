"""The table that closes a run: what was booked against what the server says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.commands.tables import add, console, table

#: rows; miners with a difference come first
_SHOWN_MINERS = 40
_AMOUNTS = ("ledger_nnet", "server_nnet", "difference_nnet")


def print_closing(figures: Mapping[str, Any], *, to_stderr: bool) -> None:
    """Print the figures of `fleet.summary`."""
    screen = console(to_stderr=to_stderr)
    rewards, jobs = figures["rewards"], figures["jobs"]
    sums = table(("miner", "booked NNET", "server says", "difference"))
    miners = sorted(rewards["per_miner"].items(), key=lambda item: not item[1]["difference_nnet"])
    for miner_id, row in miners[:_SHOWN_MINERS]:
        add(sums, [miner_id, *_words(row)])
    if len(miners) > _SHOWN_MINERS:
        add(sums, [f"… {len(miners) - _SHOWN_MINERS} more"], style="dim")
    add(sums, ["all", *_words(rewards)], style="bold")
    screen.print(sums)
    screen.print("jobs: " + " · ".join(f"{n} {name.replace('_', ' ')}" for name, n in jobs.items()), soft_wrap=True)
    if figures["simulated"]:
        screen.print("simulated: these rewards are not real; name a server with --server URL", style="yellow")


def _words(row: Mapping[str, object]) -> list[str]:
    return ["not stated" if row[name] is None else f"{row[name]}" for name in _AMOUNTS]
