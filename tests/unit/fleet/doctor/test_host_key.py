"""What the doctor says of a worker host's key."""

from __future__ import annotations

import pytest

from fleet.doctor.diagnosis import Grade
from fleet.doctor.host_key import judged_key
from tasks.signing import WorkerKey, key_proof
from tests.support.signed import KEYS, key_of

KEY = key_of("garage")
RIGHT = key_proof(KEY.result, KEYS.job).encode()


@pytest.mark.parametrize(
    ("key", "answer", "grade", "words"),
    [
        (KEY, [b"1", b"1", RIGHT], Grade.OK, "the same key for host garage"),
        (KEY, [b"1", b"1", b"00"], Grade.FAIL, "which drops its results"),
        (KEY, [b"1", b"1", None], Grade.FAIL, "which drops its results"),
        (None, [b"1", b"1", None], Grade.WARN, "this host has none"),
        (KEY, [b"1", None, None], Grade.NOT_CHECKED, "states the keys of hosts"),
        (KEY, None, Grade.NOT_CHECKED, "Redis does not say"),
    ],
)
def test_a_key_is_right_wrong_missing_or_not_known(
    key: WorkerKey | None, answer: object, grade: Grade, words: str
) -> None:
    found = judged_key(key, answer)
    assert (found.grade, words in found.found) == (grade, True)
