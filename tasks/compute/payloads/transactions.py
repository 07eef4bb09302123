"""`fraud_detection`: the transactions to score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, Estimate

MAX_TRANSACTIONS = 10_000
MAX_AMOUNT = 1e18
MAX_ADDRESS_CHARACTERS = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class FraudDetection:
    """Transactions as columns. An absent amount is 0, an absent address is the empty string.

    `data` holds `transactions`, or in older releases `tx_count`. Where both are present, the transactions are used. An
    empty list of transactions is a valid job with nothing to flag.
    """

    #: number of transactions to draw where the job gives none; else 0
    tx_count: int = 0
    #: NNET, in the given order
    amounts: tuple[float, ...] = ()
    #: paying addresses
    senders: tuple[str, ...] = ()
    #: paid addresses
    receivers: tuple[str, ...] = ()
    #: whether the transactions are to be drawn, since the job gives only their number
    synthetic: bool = False

    def __post_init__(self) -> None:
        fields.whole("tx_count", self.tx_count, 0, MAX_TRANSACTIONS)
        if not len(self.amounts) == len(self.senders) == len(self.receivers):
            raise ValueError("columns differ in length")
        _check_amounts(self.amounts)
        _check_addresses("from", self.senders)
        _check_addresses("to", self.receivers)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds.
        """
        transactions = fields.given(data, "transactions", None)
        if transactions is None:
            return cls(tx_count=fields.given(data, "tx_count", 20), synthetic=True)
        fields.sequence("transactions", transactions, 0, MAX_TRANSACTIONS)
        if set(map(type, transactions)) - {dict}:
            for index, transaction in enumerate(transactions):
                fields.record(f"transactions[{index}]", transaction)
        return cls(
            amounts=_column(transactions, "amount", 0.0),
            senders=_column(transactions, "from", ""),
            receivers=_column(transactions, "to", ""),
        )

    @property
    def estimate(self) -> Estimate:
        """Cost, linear in the number of transactions, whose graph is walked in Python."""
        n = max(self.tx_count, len(self.amounts))
        return Estimate(flops=40 * CALL_FLOPS + n * 60 * ELEMENT_FLOPS * 10, memory_bytes=n * 1000)


def _column(transactions: Sequence[Mapping[str, Any]], field: str, default: Any) -> tuple[Any, ...]:
    """The field of each transaction, or the default where it is absent or null."""
    values = [item.get(field) for item in transactions]
    return tuple([default if value is None else value for value in values] if None in values else values)


def _check_amounts(amounts: tuple[float, ...]) -> None:
    for index, amount in enumerate(amounts):
        if type(amount) is not float or not 0.0 <= amount <= MAX_AMOUNT:
            fields.amount(f"transactions[{index}].amount", amount, MAX_AMOUNT)


def _check_addresses(field: str, addresses: tuple[str, ...]) -> None:
    # checked all at once first, since a loop would take as long as a kernel
    if set(map(type, addresses)) - {str} or max(map(len, addresses), default=0) > MAX_ADDRESS_CHARACTERS:
        for index, address in enumerate(addresses):
            fields.text(f"transactions[{index}].{field}", address, MAX_ADDRESS_CHARACTERS)
