"""The differences between releases of the server, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fleet.simulator.rewards import RewardRule

#: job types of every recorded release
USUAL_TYPES = (
    "fraud_detection",
    "model_training",
    "network_protection",
    "data_validation",
    "inference",
    "federated_learning",
    "gradient_compute",
    "matrix_ops",
)
#: job types of the first servers
FIRST_TYPES = ("matrix_multiply", "model_inference", "data_hash", "tensor_reduce")


class HeartbeatPay(Enum):
    """The ways in which a heartbeat can be paid."""

    #: a bonus for each completed job that it reports beyond the server's count
    COUNT = "count"
    #: a fixed reward, stated in the answer
    BEAT = "beat"
    #: nothing
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One release of the server."""

    #: one letter
    name: str
    #: roads that answer a plain-text 500 after the deed is done
    crashes: frozenset[str] = frozenset()
    #: roads that this release lacks
    absent: frozenset[str] = frozenset()
    #: job types that it hands out
    job_types: tuple[str, ...] = USUAL_TYPES
    #: share of jobs whose `data` has the fields of older servers
    older_share: float = 0.0
    #: the field of a job with the type's weight
    weight_field: str
    #: default rule for rewards
    reward_rule: RewardRule
    #: whether a job states the number of active miners and the formula
    states_formula: bool = False
    #: whether a job has `priority` and `expires_at`
    states_expiry: bool = False
    #: default pay for heartbeats
    heartbeat_pay: HeartbeatPay
    #: whether a heartbeat's answer contains a job
    next_job: bool
    #: operator of the servers in the decentralization status, where its share is `<origin>_load`
    origin: str
    #: network miners in the decentralization status beside this server's sessions; None: sessions don't count either
    network_miners: int | None = 0
    #: whether answers about registration and contributors state the supply figures
    states_tokenomics: bool = False


DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            name="a",
            crashes=frozenset({"register", "submit-result", "contributor", "tokenomics"}),
            absent=frozenset({"rewards"}),
            weight_field="base_reward",
            reward_rule=RewardRule.FIXED,
            heartbeat_pay=HeartbeatPay.COUNT,
            next_job=True,
            origin="replit",
            network_miners=None,
        ),
        Dialect(
            name="b",
            weight_field="task_weight",
            reward_rule=RewardRule.BUDGET,
            states_formula=True,
            heartbeat_pay=HeartbeatPay.COUNT,
            next_job=True,
            origin="replit",
            network_miners=19,
            states_tokenomics=True,
        ),
        Dialect(
            name="c",
            absent=frozenset({"rewards", "tokenomics"}),
            job_types=USUAL_TYPES + FIRST_TYPES,
            older_share=0.1,
            weight_field="base_reward",
            reward_rule=RewardRule.FRACTIONS,
            states_expiry=True,
            heartbeat_pay=HeartbeatPay.BEAT,
            next_job=False,
            origin="bootstrap",
        ),
    )
}
