"""`fleet simulator`: runs a local NeoNet server, whose rewards are worthless.

One file: most of it is the list of options, with the parser of each.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from config.streams import never_blocking, outlive_streams
from fleet.commands.exits import EX_CANTCREAT, EX_UNAVAILABLE, EX_USAGE, Failure
from fleet.simulator.dialects import DIALECTS, HeartbeatPay
from fleet.simulator.endpoints import ENDPOINTS
from fleet.simulator.errors import OptionError
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.faults import Fault, parse_fault
from fleet.simulator.latency import Delay, Latency
from fleet.simulator.mix import Mix, parse_mix
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.rewards import RewardRule
from fleet.simulator.server import SimulatorServer, serve
from fleet.simulator.strangers import parse_strangers

_KINDS = ", ".join(kind.value for kind in FaultKind)
_WARNING = "SIMULATED: this is no NeoNet server, its rewards are worth nothing."


def _parsed(parse: Callable[[str], object]) -> Callable[[object], object]:
    """Adapt the parser to click: a parsed value passes unchanged, a mistake becomes a usage error."""

    def convert(value: object) -> object:
        try:
            return parse(value) if isinstance(value, str) else value
        except (OptionError, ValueError) as exc:
            raise click.BadParameter(str(exc)) from exc

    return convert


def parse_limit(text: str) -> RateLimit:
    """Parse `REQUESTS/SECONDS`, or 0 for no limit."""
    requests, _, window_s = text.partition("/")
    return RateLimit(requests=int(requests), window_s=float(window_s or 60))


def parse_delay(text: str) -> Delay:
    """Parse `MS` or `MS+JITTER`."""
    fixed_ms, _, jitter_ms = text.partition("+")
    return Delay(fixed_ms=float(fixed_ms), jitter_ms=float(jitter_ms or 0))


def parse_endpoint_delay(text: str) -> tuple[str, Delay]:
    """Parse `ENDPOINT=MS+JITTER`."""
    endpoint, _, delay = text.partition("=")
    if endpoint not in ENDPOINTS:
        raise OptionError("endpoint", endpoint, f"one of {', '.join(ENDPOINTS)}")
    return endpoint, parse_delay(delay)


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="TCP port; 0 takes a free one."
)
@click.option(
    "--dialect", type=click.Choice(list(DIALECTS)), default="b", show_default=True, help="Which release to speak."
)
@click.option(
    "--seed", type=int, help="Make session ids, job ids and data reproducible; without it each start differs."
)
@click.option(
    "--rate-limit",
    type=_parsed(parse_limit),
    default="5000/60",
    show_default=True,
    metavar="N/SECONDS",
    help="Requests from one address in a sliding window; 0 = no limit.",
)
@click.option(
    "--latency",
    type=_parsed(parse_delay),
    default="0",
    metavar="MS[+JITTER]",
    help="How long each answer takes.",
)
@click.option(
    "--latency-of",
    type=_parsed(parse_endpoint_delay),
    multiple=True,
    metavar="ENDPOINT=MS[+JITTER]",
    help=f"The same for one endpoint, repeatable: {', '.join(ENDPOINTS)}.",
)
@click.option(
    "--fetch-growth",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="US",
    help="Microseconds that a fetch takes longer for each job handed out since the last forgetting.",
)
@click.option(
    "--mix",
    type=_parsed(parse_mix),
    default="all",
    show_default=True,
    metavar="all|light|TYPE=WEIGHT,…",
    help="Which job types are handed out.",
)
@click.option("--job-order", default="", metavar="TYPE,TYPE,…", help="Job types that are handed out first, one by one.")
@click.option(
    "--reward-rule",
    type=click.Choice([rule.value for rule in RewardRule]),
    help="How jobs are paid, instead of the dialect's rule.",
)
@click.option(
    "--heartbeat-pay",
    type=click.Choice([pay.value for pay in HeartbeatPay]),
    help="What heartbeats earn, instead of the dialect's rule: a bonus for uncounted jobs, a reward each, nothing.",
)
@click.option("--block-budget", type=float, metavar="NNET", help="What active miners share, instead of the dialect's.")
@click.option("--share-min", type=float, metavar="NNET", help="The least share of a miner, instead of the dialect's.")
@click.option("--share-max", type=float, metavar="NNET", help="The largest share of a miner, instead of the dialect's.")
@click.option(
    "--save-balances",
    type=float,
    metavar="SECONDS",
    help="How often balances are saved, so that a forgetting leaves them; 0 = never. Instead of the dialect's pace.",
)
@click.option(
    "--strangers",
    "--other-miners",
    "strangers",
    type=_parsed(parse_strangers),
    default="0",
    show_default=True,
    metavar="N|N@TIME,N@TIME,…",
    help="Active miners of the network besides those that call: a number, or a schedule such as 0@0s,100@10m,0@20m.",
)
@click.option(
    "--shutdown-at",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Number of active miners at which a shutdown begins; a minute later nothing is answered. 0 = none.",
)
@click.option(
    "--fault",
    "faults",
    type=_parsed(parse_fault),
    multiple=True,
    metavar="KIND[,NAME=VALUE]...",
    help="Switch on a fault, repeatable. Names: endpoints=A|B, miners=A|B, probability=P, count=N, after=N, "
    f"value=TEXT. Kinds: {_KINDS}.",
)
@click.option("--url-file", type=click.Path(path_type=Path), help="Write the URL there once it listens.")
@click.option("--verbose", is_flag=True, help="One line a request on stderr.")
def simulator(**given: Any) -> None:
    """Run a NeoNet server for demos, tests and benchmarks.

    The first line of stdout is its URL. GET /simulator/book states what it paid to whom, GET /simulator/requests what
    it counted, POST /simulator/faults switches faults, POST /simulator/forget forgets everything but the book and the
    saved balances, POST /simulator/unban ends bans, GET and POST /simulator/wallets and /simulator/strangers show and
    change balances and other miners.

    \b
    Examples:
      fleet simulator
      fleet simulator --dialect c --port 0 --rate-limit 0 --mix light
      fleet simulator --latency 40+20 \\
        --fault error_after,endpoints=submit-result,probability=0.1
      fleet simulator --dialect c --strangers 0@0s,100@10m,0@20m --share-max 0.1
      fleet simulator --fault blocked,after=500,count=1,value=300+60
      fleet simulator --fault refused,probability=0.05,value=3 \\
        --fault forget,after=500,count=1
    """
    outlive_streams()
    options = options_of(given)
    try:
        with never_blocking():
            asyncio.run(_serve(options))
    except _UrlFileError as exc:
        raise Failure(str(exc), EX_CANTCREAT) from exc
    except OSError as exc:
        raise Failure(f"can't listen on {options.host}:{options.port}: {exc.strerror or exc}", EX_UNAVAILABLE) from exc


def options_of(given: dict[str, Any]) -> SimulatorOptions:
    """The options that the flags give; a mistake ends the command with EX_USAGE."""
    mix: Mix = given["mix"]
    faults: Sequence[Fault] = given["faults"]
    order = tuple(name.strip() for name in given["job_order"].split(",") if name.strip())
    try:
        return SimulatorOptions(
            host=given["host"],
            port=given["port"],
            dialect=given["dialect"],
            seed=given["seed"],
            rate_limit=given["rate_limit"],
            latency=Latency(
                usual=given["latency"], endpoints=dict(given["latency_of"]), fetch_growth_us=given["fetch_growth"]
            ),
            mix=Mix(weights=mix.weights, order=order),
            reward_rule=RewardRule(given["reward_rule"]) if given["reward_rule"] else None,
            heartbeat_pay=HeartbeatPay(given["heartbeat_pay"]) if given["heartbeat_pay"] else None,
            block_budget=given["block_budget"],
            share_min=given["share_min"],
            share_max=given["share_max"],
            save_balances_s=given["save_balances"],
            strangers=given["strangers"],
            shutdown_at=given["shutdown_at"],
            faults=tuple(faults),
            url_file=given["url_file"],
            verbose=given["verbose"],
        )
    except OptionError as exc:
        raise Failure(str(exc), EX_USAGE) from exc


class _UrlFileError(Exception):
    """The file for the URL can't be written."""


async def _serve(options: SimulatorOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(options, stop, lambda server: _announce(options, server))


def _announce(options: SimulatorOptions, server: SimulatorServer) -> None:
    if options.url_file is not None:
        try:
            # Renamed into place, so that no reader sees half of it.
            unfinished = options.url_file.with_name(f".{options.url_file.name}.unfinished")
            unfinished.write_text(server.url + "\n")
            unfinished.replace(options.url_file)
        except OSError as exc:
            raise _UrlFileError(f"can't write {options.url_file}: {exc.strerror or exc}") from exc
    click.secho(_WARNING, err=True, bold=True)
    click.echo(f"dialect {options.dialect}, seed {server.simulator.seed}, {_worded(options.rate_limit)}", err=True)
    click.echo(server.url)


def _worded(limit: RateLimit) -> str:
    return f"{limit.requests} requests in {limit.window_s:g} s" if limit.requests else "no rate limit"
