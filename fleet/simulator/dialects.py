"""What differs from one release of the server to the next, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fleet.simulator.rewards import RewardRule

#: the job types that every recorded release hands out
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
#: the job types of the first servers
FIRST_TYPES = ("matrix_multiply", "model_inference", "data_hash", "tensor_reduce")


class HeartbeatPay(Enum):
    """What a heartbeat can earn."""

    #: a bonus for each completed job that it reports beyond those the server has counted
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
    #: roads that answer a plain-text 500 after the deed
    crashes: frozenset[str] = frozenset()
    #: roads that this release doesn't have
    absent: frozenset[str] = frozenset()
    #: job types handed out
    job_types: tuple[str, ...] = USUAL_TYPES
    #: share of the jobs whose `data` has the fields of older servers
    older_share: float = 0.0
    #: the field of a job that states the type's weight
    weight_field: str
    #: how rewards are computed unless the operator says otherwise
    reward_rule: RewardRule
    #: whether a job tells how many miners were active, and the formula
    states_formula: bool = False
    #: whether a job has `priority` and `expires_at`
    states_expiry: bool = False
    #: what heartbeats earn unless the operator says otherwise
    heartbeat_pay: HeartbeatPay
    #: whether a heartbeat's answer brings a job
    next_job: bool
    #: who runs the servers, in the decentralization status: its share is `<origin>_load`
    origin: str
    #: miners of the network that the decentralization status counts besides this server's sessions;
    #: none: it counts no session either
    network_miners: int | None = 0
    #: whether registration and the contributor's page show the supply figures
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
