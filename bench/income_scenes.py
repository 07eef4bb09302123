"""The scenes of the income bench: server, network and distance, as data."""

from __future__ import annotations

from bench.virtual_farm import Scene
from fleet.simulator.dialects import HeartbeatPay
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.strangers import Strangers

#: a cap that no number of miners reaches, in NNET
_UNCAPPED = 10.0
_CAPPED = 0.05
_SEED = 7


def scene(
    *,
    limit: int,
    round_trip_ms: float,
    strangers: Strangers | int,
    capped: bool,
    paid_heartbeats: bool,
    most: int = 300,
) -> Scene:
    """Release c of the simulator, which divides 0.1 NNET and states neither the budget nor who is active in a job."""
    crowd = strangers if isinstance(strangers, Strangers) else Strangers(steps=((0.0, strangers),))
    words = (
        f"{limit:,} requests, {round_trip_ms:g} ms",
        f"{strangers} strangers" if isinstance(strangers, int) else "strangers come and go",
        "cap" if capped else "no cap",
        *(("paid heartbeats",) if paid_heartbeats else ()),
    )
    server = SimulatorOptions(
        dialect="c",
        seed=_SEED,
        rate_limit=RateLimit(requests=limit),
        strangers=crowd,
        share_max=_CAPPED if capped else _UNCAPPED,
        heartbeat_pay=HeartbeatPay.BEAT if paid_heartbeats else HeartbeatPay.NONE,
    )
    return Scene(name=", ".join(words), server=server, round_trip_s=round_trip_ms / 1000, most=most)


#: each limit with each number of strangers and each distance; caps and paid heartbeats alternate
SCENES = (
    scene(limit=200, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False),
    scene(limit=200, round_trip_ms=50, strangers=5, capped=False, paid_heartbeats=True),
    scene(limit=200, round_trip_ms=300, strangers=500, capped=True, paid_heartbeats=True),
    scene(limit=200, round_trip_ms=300, strangers=0, capped=False, paid_heartbeats=False),
    scene(limit=5000, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False),
    scene(limit=5000, round_trip_ms=50, strangers=5, capped=True, paid_heartbeats=True),
    scene(limit=5000, round_trip_ms=300, strangers=500, capped=False, paid_heartbeats=False),
    scene(limit=5000, round_trip_ms=50, strangers=0, capped=False, paid_heartbeats=True),
    scene(limit=50_000, round_trip_ms=10, strangers=500, capped=True, paid_heartbeats=True),
    scene(limit=50_000, round_trip_ms=50, strangers=0, capped=True, paid_heartbeats=False),
    scene(limit=50_000, round_trip_ms=300, strangers=5, capped=False, paid_heartbeats=True),
    scene(limit=50_000, round_trip_ms=300, strangers=500, capped=True, paid_heartbeats=False),
)

#: strangers come after ten minutes and go ten minutes later
COME_AT_S, GO_AT_S, END_S = 600.0, 1200.0, 1800.0
TIDE, EBB, FLOOD = (
    scene(limit=5000, round_trip_ms=50, strangers=strangers, capped=True, paid_heartbeats=False)
    for strangers in (Strangers(steps=((0.0, 0), (COME_AT_S, 100), (GO_AT_S, 0))), 0, 100)
)
#: what the real server was measured with (docs/protocol-notes.md)
MEASURED = SCENES[4]
