"""The endpoints of the API: their paths, and how each is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from fleet.simulator import network, tokenomics
from fleet.simulator.answers import NOT_FOUND, SERVER_ERROR, Answer, answer_json, detail, encode_raw
from fleet.simulator.assignments import Tamper
from fleet.simulator.errors import CrashError, InvalidBodyError, RefusalError
from fleet.simulator.validation import (
    HeartbeatBody,
    RegistrationBody,
    SessionStartBody,
    SessionStopBody,
    SubmissionBody,
    parse,
)
from fleet.simulator.world import World

_EXACT: Mapping[str, tuple[str, str]] = {
    "/ai-energy/register": ("register", "POST"),
    "/ai-energy/start-session": ("start-session", "POST"),
    "/ai-energy/submit-result": ("submit-result", "POST"),
    "/ai-energy/heartbeat": ("heartbeat", "POST"),
    "/ai-energy/stop-session": ("stop-session", "POST"),
    "/ai-energy/stats": ("stats", "GET"),
    "/ai-energy/leaderboard": ("leaderboard", "GET"),
    "/ai-energy/tokenomics": ("tokenomics", "GET"),
    "/api/gas/info": ("gas", "GET"),
    "/api/rewards/current": ("rewards", "GET"),
    "/api/tokenomics": ("dynamic-tokenomics", "GET"),
    "/api/decentralization/status": ("decentralization", "GET"),
    "/api/ai-miner/register-provider": ("register-provider", "POST"),
}
_WITH_ARGUMENT: Mapping[str, tuple[str, str]] = {
    "/ai-energy/task/": ("task", "GET"),
    "/ai-energy/contributor/": ("contributor", "GET"),
}

#: all endpoints that a fault or a delay can be limited to
ENDPOINTS: tuple[str, ...] = tuple(name for name, _ in (*_EXACT.values(), *_WITH_ARGUMENT.values()))
#: the endpoint of an unknown path
UNKNOWN_ENDPOINT = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiRequest:
    """The parts of a request that the answer depends on."""

    #: one of ENDPOINTS, or UNKNOWN_ENDPOINT
    endpoint: str
    #: the id in the path, for endpoints that have one
    argument: str
    #: whether the HTTP method is right for the endpoint
    method_fits: bool
    #: the right method
    method: str
    body: bytes


def parse_request(method: str, path: str, body: bytes) -> ApiRequest:
    """The call for a method and a decoded path."""
    found, argument = _EXACT.get(path), ""
    if found is None:
        prefix, _, argument = path.rpartition("/")
        found = _WITH_ARGUMENT.get(prefix + "/") if argument else None
    if found is None:
        return ApiRequest(endpoint=UNKNOWN_ENDPOINT, argument="", method_fits=False, method="", body=body)
    endpoint, fitting = found
    return ApiRequest(endpoint=endpoint, argument=argument, method_fits=method == fitting, method=fitting, body=body)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """The circumstances of an answer, beside the world and the call."""

    #: Unix seconds
    now: float
    #: used share of the request budget, only evaluated for the gas page
    load: Callable[[], float]
    rng: Random
    #: the change that a fault makes to new jobs
    tamper: Tamper | None = None


def answer(world: World, call: ApiRequest, moment: Moment) -> Answer:
    """Carry out the call and return its answer, including refusals and crashes."""
    if call.endpoint == UNKNOWN_ENDPOINT or call.endpoint in world.dialect.absent:
        return NOT_FOUND
    if not call.method_fits:
        refused = detail(405, "Method Not Allowed")
        return Answer(status=405, body=refused.body, headers=(("Allow", call.method),))
    try:
        return Answer(body=_HANDLERS[call.endpoint](world, call, moment))
    except RefusalError as refusal:
        return detail(refusal.status, refusal.detail)
    except InvalidBodyError as invalid:
        return answer_json({"detail": invalid.detail}, 422)
    except CrashError:
        return SERVER_ERROR


def _register(world: World, call: ApiRequest, moment: Moment) -> bytes:
    reply = world.register(parse(RegistrationBody, call.body), moment.now)
    if world.dialect.states_tokenomics and reply["success"]:
        reply["tokenomics"] = _supply(world, moment)
        reply["note"] = "Ethereum-style tokenomics: rewards issued as new NNET, balanced by transaction fee burning"
    return encode_raw(reply)


def _contributor(world: World, call: ApiRequest, moment: Moment) -> bytes:
    reply = world.contributor(call.argument)
    if world.dialect.states_tokenomics:
        reply["tokenomics"] = _supply(world, moment)
    return encode_raw(reply)


def _tokenomics(world: World, _call: ApiRequest, moment: Moment) -> bytes:
    if "tokenomics" in world.dialect.crashes:
        raise CrashError("tokenomics")
    page = tokenomics.tokenomics_page(_supply(world, moment), world.dialect.sharing, world.census.active)
    return encode_raw(page)


def _stats(world: World, _call: ApiRequest, _moment: Moment) -> bytes:
    figures = network.stats(
        world.contributors,
        compute_hours=world.compute_hours,
        tasks_completed=world.cashier.tasks_completed,
        rewards_distributed=world.cashier.rewards_distributed,
        strangers=world.census.strangers,
        strangers_seen=world.census.strangers_seen,
    )
    return encode_raw(figures)


def _gas(world: World, _call: ApiRequest, moment: Moment) -> bytes:
    providers = world.census.sessions + world.census.strangers
    return encode_raw(network.gas(active_providers=providers, load=moment.load(), rng=moment.rng))


def _decentralization(world: World, _call: ApiRequest, _moment: Moment) -> bytes:
    counted = world.dialect.network_miners
    miners = world.census.strangers + (0 if counted is None else counted + world.census.sessions)
    figures = network.decentralization(active_miners=miners, origin=world.dialect.origin, since=world.started_at)
    if world.census.shutdown_at:
        figures["shutdown_initiated"] = world.census.shutdown_initiated
    return encode_raw(figures)


def _supply(world: World, moment: Moment) -> dict[str, object]:
    return tokenomics.supply(
        rewards_distributed=world.cashier.rewards_distributed, up_s=moment.now - world.started_at, now=moment.now
    )


_HANDLERS: Mapping[str, Callable[[World, ApiRequest, Moment], bytes]] = {
    "register": _register,
    "start-session": lambda world, call, moment: encode_raw(
        world.start_session(parse(SessionStartBody, call.body), moment.now, moment.tamper)
    ),
    "task": lambda world, call, moment: world.fetch(call.argument, moment.now, moment.tamper),
    "submit-result": lambda world, call, moment: encode_raw(world.submit(parse(SubmissionBody, call.body), moment.now)),
    "heartbeat": lambda world, call, moment: encode_raw(
        world.heartbeat(parse(HeartbeatBody, call.body), moment.now, moment.tamper)
    ),
    "stop-session": lambda world, call, moment: encode_raw(
        world.stop_session(parse(SessionStopBody, call.body), moment.now)
    ),
    "contributor": _contributor,
    "stats": _stats,
    "leaderboard": lambda world, _call, _moment: encode_raw(
        network.leaderboard(world.contributors.values(), strangers=world.census.strangers_seen)
    ),
    "tokenomics": _tokenomics,
    "dynamic-tokenomics": _tokenomics,
    "gas": _gas,
    "rewards": lambda world, _call, _moment: encode_raw(
        tokenomics.rewards_page(world.dialect.sharing, world.census.active)
    ),
    "decentralization": _decentralization,
    "register-provider": lambda _world, call, _moment: encode_raw(network.provider(parse(RegistrationBody, call.body))),
}
