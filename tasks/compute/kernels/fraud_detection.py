"""`fraud_detection`: a score for how suspicious each transaction looks among the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, log, log1p
from operator import add, eq

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import words16
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.payment_graph import fans, on_cycle
from tasks.compute.payloads.transactions import FraudDetection

#: maximum number of flagged indexes that a result lists; the digest covers all scores
MAX_LISTED = 64

_BIAS = 4.0
_BY_OUTLIER = 0.8
_BY_ROUND = 1.0
#: weight of ln(number of the sender's payments)
_BY_PAYMENTS = 0.4
#: weight of ln(number of the sender's receivers), and of ln(number of the receiver's senders)
_BY_FAN = 0.7
_BY_SELF = 3.0
_BY_CYCLE = 1.5
_ROUND_UNIT = 100.0
#: lower limit of the robust scale (10 % of an amount), so that among equal amounts a few cents are no outlier
_LEAST_SCALE = 0.1
#: factor from the median absolute deviation to the standard deviation of a normal distribution
_MAD_TO_SIGMA = 1.4826

Columns = tuple[tuple[float, ...], tuple[str, ...], tuple[str, ...]]


def fraud_detection(payload: FraudDetection, rng: Generator) -> dict[str, object]:
    """A logistic score in 0..1 for each of n transactions, float64; 0.5 and above is flagged.

    `score = 1 / (1 + exp(−(−4 + 0.8·|z| + round + 0.4·ln v + 0.7·ln o + 0.7·ln i + 3·self + 1.5·cycle)))`. z is the
    robust z-score of ln(1 + amount) (median and 1.4826 × median absolute deviation, at least 0.1). round is 1 where the
    amount is a positive multiple of 100. v counts the sender's transactions, o its distinct receivers, i the receiver's
    distinct senders. self and cycle come from the graph of payments. The weights are set by hand, since there is no
    labelled data to learn from. Unknown (empty) addresses count as seen once. Amounts are read as float64. The scores
    depend only on the transactions. Where the job gives only their number, they are drawn (amounts, and ten addresses
    for every twenty transactions).

    Returns:
        `results_hash` over the scores, `analyzed` (n), `fraud_count`, `flagged` (the first 64 flagged indexes),
        `score_mean`, `score_max` (both 0 with n = 0), `synthetic`.
    """
    given = payload.amounts, payload.senders, payload.receivers
    columns = _drawn(payload.tx_count, rng) if payload.synthetic else given
    scores = _scores(columns) if columns[0] else []
    flagged = [index for index, score in enumerate(scores) if score >= 0.5]
    return {
        "results_hash": fingerprint("fraud_detection", np.array(scores, dtype=np.float64)),
        "analyzed": len(scores),
        "fraud_count": len(flagged),
        "flagged": flagged[:MAX_LISTED],
        "score_mean": sum(scores) / max(1, len(scores)),
        "score_max": max(scores, default=0.0),
        "synthetic": payload.synthetic,
    }


def _scores(columns: Columns) -> list[float]:
    """The scores in plain Python: for the few dozen payments of a job, numpy's calls alone would take longer."""
    amounts, senders, receivers = columns
    evidence = [_BY_OUTLIER * abs(z) for z in _robust_z([log1p(amount) for amount in amounts])]
    for index, amount in enumerate(amounts):
        if amount > 0.0 and amount % _ROUND_UNIT == 0.0:
            evidence[index] += _BY_ROUND
    if len(set(senders)) < len(senders) or len(set(receivers)) < len(receivers):
        evidence = list(map(add, evidence, _by_counts(senders, receivers)))
    selfish, cycles = list(map(eq, senders, receivers)), on_cycle(senders, receivers)
    if True in selfish or True in cycles:
        for index, sender in enumerate(senders):
            evidence[index] += (_BY_SELF * selfish[index] + _BY_CYCLE * cycles[index]) * (sender != "")
    # The evidence is never below 0, so the exponential can't overflow.
    return [1.0 / (1.0 + exp(_BIAS - value)) for value in evidence]


def _by_counts(senders: Sequence[str], receivers: Sequence[str]) -> list[float]:
    """The summands of v, o and i for each transaction, all 0 where no address appears twice."""
    payments = Counter(senders)
    fan_out, fan_in = fans(zip(senders, receivers, strict=True))
    payments[""] = fan_out[""] = fan_in[""] = 1
    by_sender = {
        sender: _BY_PAYMENTS * log(count) + _BY_FAN * log(fan_out[sender]) for sender, count in payments.items()
    }
    by_receiver = {receiver: _BY_FAN * log(count) for receiver, count in fan_in.items()}
    return [by_sender[s] + by_receiver[r] for s, r in zip(senders, receivers, strict=True)]


def _robust_z(values: Sequence[float]) -> list[float]:
    middle = _median(values)
    apart = [value - middle for value in values]
    scale = max(_MAD_TO_SIGMA * _median(list(map(abs, apart))), _LEAST_SCALE)
    return [value / scale for value in apart]


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-middle - 1]) / 2.0


def _drawn(count: int, rng: Generator) -> Columns:
    words = words16(rng, 3 * count).astype(np.int64)
    words += 2**15
    addresses = max(2, count // 2)
    amounts = (words[:count] / 2**16 * 10_000.0).tolist()
    senders = [f"addr_{number}" for number in (words[count : 2 * count] % addresses).tolist()]
    receivers = [f"addr_{number}" for number in (words[2 * count :] % addresses).tolist()]
    return tuple(amounts), tuple(senders), tuple(receivers)
