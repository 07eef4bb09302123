"""`fraud_detection`: how suspicious each transaction looks beside the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import eq

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tasks.kernels.draws import words16
from tasks.kernels.fingerprint import fingerprint
from tasks.kernels.payment_graph import fans, on_cycle
from tasks.payloads.transactions import FraudDetection

#: flagged indexes that a result lists; the digest covers all scores
MAX_LISTED = 64

_BIAS = -4.0
_BY_OUTLIER = 0.8
_BY_ROUND = 1.0
#: weights of ln(payments of the sender), ln(its distinct receivers), ln(distinct senders of the receiver)
_BY_COUNTS = np.array([0.4, 0.7, 0.7])
#: weights of "pays itself" and "lies on a cycle"
_BY_SHAPE = np.array([3.0, 1.5])
_ROUND_UNIT = 100.0
#: the robust scale is never below this (10 % of an amount), lest equal amounts make outliers of cents
_LEAST_SCALE = 0.1
#: makes the median absolute deviation of a normal distribution its standard deviation
_MAD_TO_SIGMA = 1.4826

Columns = tuple[tuple[float, ...], tuple[str, ...], tuple[str, ...]]


def fraud_detection(payload: FraudDetection, rng: Generator) -> dict[str, object]:
    """A logistic score in 0..1 for each of n transactions, float64; 0.5 and above is flagged.

    `score = 1 / (1 + exp(−(−4 + 0.8·|z| + round + 0.4·ln v + 0.7·ln o + 0.7·ln i + 3·self + 1.5·cycle)))`, where z is
    the robust z-score of ln(1 + amount) (median and 1.4826 × median absolute deviation, at least 0.1), round says
    that the amount is a positive multiple of 100, v counts the sender's transactions, o its distinct receivers, i the
    receiver's distinct senders, self and cycle look at the graph of payments. The weights are set by hand, not
    learnt: no labelled data exists. Unknown (empty) addresses count as seen once. Amounts are read as float64. The
    scores follow from the transactions alone; where only their number was given, they are drawn (amounts and ten
    addresses for every twenty transactions).

    Returns:
        `results_hash` over the scores, `analyzed` (n), `fraud_count`, `flagged` (the first 64 flagged indexes),
        `score_mean`, `score_max` (both 0 with n = 0), `synthetic`.
    """
    given = payload.amounts, payload.senders, payload.receivers
    columns = _drawn(payload.tx_count, rng) if payload.synthetic else given
    scores = _scores(columns) if columns[0] else np.zeros(0)
    listed = scores.tolist()
    flagged = [index for index, score in enumerate(listed) if score >= 0.5]
    return {
        "results_hash": fingerprint("fraud_detection", scores),
        "analyzed": len(listed),
        "fraud_count": len(flagged),
        "flagged": flagged[:MAX_LISTED],
        "score_mean": sum(listed) / max(1, len(listed)),
        "score_max": max(listed, default=0.0),
        "synthetic": payload.synthetic,
    }


def _scores(columns: Columns) -> NDArray[np.float64]:
    amounts, senders, receivers = columns
    values = np.array(amounts, dtype=np.float64)
    evidence = _BY_OUTLIER * np.abs(_robust_z(np.log1p(values)))
    evidence += _BY_ROUND * ((values > 0.0) & (np.fmod(values, _ROUND_UNIT) == 0.0))
    if len(set(senders)) < len(senders) or len(set(receivers)) < len(receivers):
        evidence += _BY_COUNTS @ np.log(_counts(senders, receivers))
    shape = [list(map(eq, senders, receivers)), on_cycle(senders, receivers)]
    if any(map(any, shape)):
        known = [sender != "" for sender in senders]
        evidence += (_BY_SHAPE @ np.array(shape, dtype=np.float64)) * known
    # Below the bias nothing goes, so the exponential cannot overflow.
    return 1.0 / (1.0 + np.exp(-(evidence + _BIAS)))


def _counts(senders: Sequence[str], receivers: Sequence[str]) -> NDArray[np.float64]:
    """v, o and i of each transaction, `(3, n)`; all are 1 where no address appears twice on its side."""
    payments = Counter(senders)
    fan_out, fan_in = fans(zip(senders, receivers, strict=True))
    payments[""] = fan_out[""] = fan_in[""] = 1
    by_sender = [[count[sender] for sender in senders] for count in (payments, fan_out)]
    return np.array([*by_sender, [fan_in[receiver] for receiver in receivers]], dtype=np.float64)


def _robust_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = values - _median(values)
    return apart / max(_MAD_TO_SIGMA * _median(np.abs(apart)), _LEAST_SCALE)


def _median(values: NDArray[np.float64]) -> float:
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return (ordered.item(middle) + ordered.item(-middle - 1)) / 2.0


def _drawn(count: int, rng: Generator) -> Columns:
    words = words16(rng, 3 * count).astype(np.int64)
    words += 2**15
    addresses = max(2, count // 2)
    amounts = (words[:count] / 2**16 * 10_000.0).tolist()
    senders = [f"addr_{number}" for number in (words[count : 2 * count] % addresses).tolist()]
    receivers = [f"addr_{number}" for number in (words[2 * count :] % addresses).tolist()]
    return tuple(amounts), tuple(senders), tuple(receivers)
