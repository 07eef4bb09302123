"""The differences between releases of the server, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fleet.simulator.rewards import RewardRule, RewardSharing

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

#: what release b states of its budget
RECORDED_SHARING = RewardSharing(block_budget=10.0, least=0.001, most=10.0)
#: what a later release states of it (docs/protocol-notes.md, 10)
LATER_SHARING = RewardSharing(block_budget=0.1, least=0.0001, most=0.05)


class HeartbeatPay(Enum):
    """The ways in which a heartbeat can be paid."""

    #: a bonus for each completed job that it reports beyond the server's count
    COUNT = "count"
    #: a reward stated in the answer
    BEAT = "beat"
    #: nothing
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One release of the server."""

    #: one letter
    name: str
    #: endpoints that answer a plain-text 500 after carrying out the request
    crashes: frozenset[str] = frozenset()
    #: endpoints that this release lacks
    absent: frozenset[str] = frozenset()
    #: job types that it hands out
    job_types: tuple[str, ...] = USUAL_TYPES
    #: share of jobs whose `data` has the fields of older servers
    older_share: float = 0.0
    #: the field of a job with the type's weight
    weight_field: str
    #: default rule for rewards
    reward_rule: RewardRule
    #: default limits of the budget rule
    sharing: RewardSharing = RECORDED_SHARING
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
    #: seconds between two saves of the balances, which a restart then leaves; 0: balances are forgotten
    saves_balances_every_s: float = 0.0
    #: whether answers about registration and contributors state the supply figures
    states_tokenomics: bool = False


DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            name="a",
            crashes=frozenset({"register", "submit-result", "contributor", "tokenomics"}),
            absent=frozenset({"rewards", "dynamic-tokenomics", "register-provider"}),
            weight_field="base_reward",
            reward_rule=RewardRule.FIXED,
            heartbeat_pay=HeartbeatPay.COUNT,
            next_job=True,
            origin="replit",
            network_miners=None,
        ),
        Dialect(
            name="b",
            absent=frozenset({"dynamic-tokenomics", "register-provider"}),
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
            absent=frozenset({"tokenomics"}),
            older_share=0.1,
            weight_field="base_reward",
            reward_rule=RewardRule.BUDGET,
            sharing=LATER_SHARING,
            saves_balances_every_s=30.0,
            states_expiry=True,
            heartbeat_pay=HeartbeatPay.BEAT,
            next_job=False,
            origin="bootstrap",
        ),
    )
}
