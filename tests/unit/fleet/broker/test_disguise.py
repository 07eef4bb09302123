"""Jobs as workers see them: nothing of a miner's id, and the way back to the server's own job id."""

from __future__ import annotations

import json
from typing import Any

from fleet.broker.disguise import Disguise
from tasks.messages import JobMessage, is_job_id

WALLET = "neo1" + "5f0c3b9a7e" * 4
NAMES = {WALLET: "garage", "rig": "rig", "1234567890": "numbers"}


def job(job_id: str = "5f2a3d8f-2fe0-462b-b531-fa67dfb9fe6a", miner_id: str = WALLET, **data: Any) -> JobMessage:
    return JobMessage(job_id=job_id, attempt=1, miner_id=miner_id, job_type="inference", data=data)


def test_an_ordinary_job_keeps_its_id_and_its_data_and_shows_the_name() -> None:
    disguise = Disguise(NAMES)
    shown, sent = disguise.encoded(job(size=3))
    assert (shown.job_id, shown.miner_id, shown.data) == (job().job_id, "garage", {"size": 3})
    assert sent == shown.encode()
    assert disguise.true_id(shown.job_id) == shown.job_id


def test_a_job_id_that_holds_a_miners_id_gets_a_stand_in_that_leads_back() -> None:
    disguise = Disguise(NAMES)
    first, again, other = (disguise.encoded(job(f"{WALLET}-{number}"))[0].job_id for number in (1, 1, 2))
    assert first == again != other
    assert is_job_id(first)
    assert WALLET not in first
    assert disguise.true_id(first) == f"{WALLET}-1"
    assert disguise.true_id(other) == f"{WALLET}-2"
    assert Disguise(NAMES).encoded(job(f"{WALLET}-1"))[0].job_id != first


def test_ids_in_the_data_give_way_to_names_and_numbers_stay() -> None:
    data: dict[str, Any] = {
        "for": WALLET.upper(),
        "nested": [{WALLET: [f"to {WALLET}"]}],
        "amount": 1234567890,
        "id": "1234567890",
    }
    _, sent = Disguise(NAMES).encoded(job(**data))
    assert json.loads(sent["data"]) == {
        "for": "garage",
        "nested": [{"garage": ["to garage"]}],
        "amount": 1234567890,
        "id": "numbers",
    }
