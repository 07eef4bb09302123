"""`python -m tests.virtual.found_out`: how soon a host that computes wrongly is found out, and what was paid before."""

from __future__ import annotations

import random
import sys

from fleet.audit.auditor import Auditor
from fleet.audit.screening import Screening
from fleet.domain.checks import Checked, Screened
from tasks.messages import Outcome, ResultMessage

ABLE = frozenset({"worker@bad", "worker@a", "worker@b"})
_RUNS = 200
_RESULT = ResultMessage(job_id="j", attempt=1, outcome=Outcome.COMPUTED, result={}, worker="worker@bad")
_RIGHT = Checked(job_id="j", agreed=("bad", "a"), first="bad")
_WRONG = Checked(job_id="j", agreed=("a", "b"), wrong=("bad",))


def found_out(wrong_rate: float, share: float, right_before: int, seed: int) -> tuple[int, int]:
    """Results of a host until it is distrusted, and how many wrong ones of these were submitted unchecked."""
    rng = random.Random(seed)
    auditor, results, submitted = Auditor(share, rng), 0, 0
    screening = Screening(auditor)

    def computed(*, wrong: bool) -> bool:
        """Whether one more result is submitted unchecked."""
        if screening.arrived(_RESULT, ABLE) is Screened.TAKEN:
            return True
        auditor.take(_WRONG if wrong else _RIGHT)
        screening.over(_RESULT.job_id)
        return False

    for _ in range(right_before):
        computed(wrong=False)
    while auditor.trusts(_RESULT.worker):
        results += 1
        wrong = rng.random() < wrong_rate
        submitted += computed(wrong=wrong) and wrong
    return results, submitted


def main() -> int:
    """Print the medians, and what 19 of 20 runs stay below."""
    for wrong_rate in (1.0, 0.1, 0.01):
        for share in (0.02, 0.1, 1.0):
            for right_before in (0, 10_000):
                runs = [found_out(wrong_rate, share, right_before, seed) for seed in range(_RUNS)]
                results, submitted = (sorted(column) for column in zip(*runs, strict=True))
                middle, high = _RUNS // 2, _RUNS * 19 // 20
                print(
                    f"{wrong_rate:.0%} wrong, {share:.0%} checked, {right_before:,} right before: found out after "
                    f"{results[middle]:,} ({results[high]:,}), {submitted[middle]:,} ({submitted[high]:,}) submitted",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
