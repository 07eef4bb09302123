"""What a soak draws from, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.chaos import acts
from tests.chaos.acts import Havoc


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One kind of fault, and how often it is drawn beside the others."""

    kind: str
    weight: int
    strike: Callable[[Havoc], None]


MOVES = (
    Move(kind="C coordinator kill -9", weight=22, strike=acts.kill_coordinator),
    Move(kind="C coordinator drained and started", weight=3, strike=acts.restart_coordinator),
    Move(kind="T1 coordinator stopped 0.5–5 s", weight=4, strike=acts.stop_coordinator),
    Move(kind="W1 worker host kill -9", weight=6, strike=acts.kill_worker),
    Move(kind="W2 pool children kill -9", weight=8, strike=acts.kill_pool_child),
    Move(kind="W3 worker host SIGTERM", weight=4, strike=acts.roll_worker),
    Move(kind="W4 worker host stopped 1–8 s", weight=6, strike=acts.stop_worker),
    Move(kind="W6 200 forged results", weight=5, strike=acts.forge_results),
    Move(kind="R1 Redis restarted", weight=4, strike=acts.restart_redis),
    Move(kind="R2 Redis kill -9", weight=6, strike=acts.kill_redis),
    Move(kind="R3 FLUSHALL", weight=6, strike=acts.flush_redis),
    Move(kind="R3 a key deleted", weight=4, strike=acts.delete_queues),
    Move(kind="R4 Redis at maxmemory", weight=5, strike=acts.fill_redis),
    Move(kind="R5 Redis refuses writes", weight=4, strike=acts.make_redis_refuse_writes),
    Move(kind="R6 Redis stopped 0.5–5 s", weight=6, strike=acts.stop_redis),
    Move(kind="R7 password changed", weight=4, strike=acts.lock_out),
    Move(kind="N2 connections cut", weight=5, strike=acts.cut_connections),
    Move(kind="S1–S4 a few calls fail or are garbled", weight=40, strike=acts.fail_calls),
    Move(kind="S1 S3 all calls fail", weight=6, strike=acts.fail_all_calls),
    Move(kind="S3 server stopped 0.5–4 s", weight=5, strike=acts.stop_server),
    Move(kind="S5 S7 S9 P2 strange jobs", weight=12, strike=acts.hand_out_strange_jobs),
    Move(kind="S6 server forgets everything", weight=2, strike=acts.forget),
)


def draw(rng: Random) -> Move:
    """The next move."""
    return rng.choices(MOVES, [move.weight for move in MOVES])[0]
