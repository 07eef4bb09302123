"""The first lines of a run: server, miners, declared hardware, ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from config.server_tables import ServerSettings
from fleet.coordinator.output.lines import Lines
from fleet.domain.jobs import MinerSpec
from fleet.money.readable import readable

_WIDTH = 78


def print_banner(
    lines: Lines,
    *,
    servers: Sequence[ServerSettings],
    simulated: bool,
    specs: list[MinerSpec],
    auto: bool,
    ledger: str,
    booked: Decimal,
) -> None:
    """Print the first lines; `booked` is what the ledger holds already, `auto` whether the farm chooses how many."""
    lines.say("═" * _WIDTH)
    lines.say("    NeoNet fleet · a mining farm on one coordinator", "bold")
    lines.say("═" * _WIDTH)
    if simulated:
        lines.say("SIMULATED: no server was named, so a simulator pays; these rewards are not real.", "yellow")
    for server in servers:
        order = f"  {server.name}, priority {server.priority}" if len(servers) > 1 else ""
        lines.say(f"Server:    {server.url}{order}")
    names = ", ".join(spec.miner_id for spec in specs[:4])
    many = f"auto: as many of {len(specs)} as earn the most" if auto else f"{len(specs)}"
    lines.say(f"Miners:    {many} ({names}{', …' if len(specs) > 4 else ''})")
    cores = sorted({spec.cpu_cores for spec in specs})
    a_miner = f"{cores[0]} to {cores[-1]}" if len(cores) > 1 else f"{cores[0]}"
    lines.say(f"CPU cores: {a_miner} a miner    GPU: {_gpus(specs)}")
    lines.say(f"Ledger:    {ledger}")
    lines.say(f"Booked:    {readable(booked)} NNET so far")
    lines.say("─" * _WIDTH)


def _gpus(specs: list[MinerSpec]) -> str:
    """The GPUs that miners declare, with the number of miners for each where they differ."""
    counts = Counter(f"{spec.gpu_model or 'GPU'} ({spec.gpu_memory_mb} MB)" for spec in specs if spec.gpu_memory_mb)
    if len(counts) == 1 and counts.total() == len(specs):
        return next(iter(counts))
    shown = [f"{count} × {gpu}" for gpu, count in counts.most_common(3)] + ["…"] * (len(counts) > 3)
    return ", ".join(shown) or "none"
