"""The faults that a soak draws from, with their frequencies."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random

from tests.chaos import acts
from tests.chaos.acts import Havoc


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One kind of fault, and its relative frequency."""

    fault: str
    what: str
    weight: int
    strike: Callable[[Havoc], None]


MOVES = (
    Move(fault="C", what="coordinator kill -9", weight=22, strike=acts.kill_coordinator),
    Move(fault="C", what="coordinator drained and started", weight=3, strike=acts.restart_coordinator),
    Move(fault="T1", what="coordinator stopped 0.5–5 s", weight=4, strike=acts.stop_coordinator),
    Move(fault="W1", what="worker host kill -9", weight=6, strike=acts.kill_worker),
    Move(fault="W2", what="pool children kill -9", weight=8, strike=acts.kill_pool_child),
    Move(fault="W3", what="worker host SIGTERM", weight=4, strike=acts.roll_worker),
    Move(fault="W4", what="worker host stopped 1–8 s", weight=6, strike=acts.stop_worker),
    Move(fault="W6", what="200 forged results", weight=5, strike=acts.forge_results),
    Move(fault="R1", what="Redis restarted", weight=4, strike=acts.restart_redis),
    Move(fault="R2", what="Redis kill -9", weight=6, strike=acts.kill_redis),
    Move(fault="R3", what="FLUSHALL", weight=6, strike=acts.flush_redis),
    Move(fault="R3", what="a key deleted", weight=4, strike=acts.delete_queues),
    Move(fault="R4", what="Redis at maxmemory", weight=5, strike=acts.fill_redis),
    Move(fault="R5", what="Redis refuses writes", weight=4, strike=acts.make_redis_refuse_writes),
    Move(fault="R6", what="Redis stopped 0.5–5 s", weight=6, strike=acts.stop_redis),
    Move(fault="R7", what="password changed", weight=4, strike=acts.lock_out),
    Move(fault="N2", what="connections cut", weight=5, strike=acts.cut_connections),
    Move(fault="S1–S4", what="a few calls fail or are garbled", weight=40, strike=acts.fail_calls),
    Move(fault="S1 S3", what="all calls fail", weight=6, strike=acts.fail_all_calls),
    Move(fault="S3", what="server stopped 0.5–4 s", weight=5, strike=acts.stop_server),
    Move(fault="S5 S7 S9 P2", what="strange jobs", weight=12, strike=acts.hand_out_strange_jobs),
    Move(fault="S6", what="server forgets everything", weight=2, strike=acts.forget),
)


def draw(rng: Random, without: Collection[str] = ()) -> Move:
    """The next fault, none of those in `without`."""
    return rng.choices(MOVES, [0 if move.fault in without else move.weight for move in MOVES])[0]
