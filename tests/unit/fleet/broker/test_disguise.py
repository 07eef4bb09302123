"""Jobs as workers see them: nothing of a miner's id, and the way back to the server's own job id."""

from __future__ import annotations

import json
from typing import Any

from fleet.broker.disguise import Disguise, of_server, split_id
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


def test_equal_job_ids_of_two_servers_differ_on_the_way_to_workers_and_lead_back_to_their_servers() -> None:
    disguise = Disguise(NAMES, {WALLET: "main", "rig": "backup"})
    first, second = (disguise.encoded(job("a:1", miner_id=miner_id))[0] for miner_id in (WALLET, "rig"))
    assert (first.job_id, second.job_id) == ("main:a:1", "backup:a:1")
    assert first.task_id != second.task_id
    assert split_id(disguise.true_id(first.job_id)) == ("main", "a:1")
    assert split_id(disguise.true_id(second.job_id)) == ("backup", "a:1")


def test_a_job_id_that_is_too_long_with_its_servers_name_gets_a_stand_in() -> None:
    longest = "x" * 128
    disguise = Disguise(NAMES, {WALLET: "main"})
    shown, _ = disguise.encoded(job(longest))
    assert is_job_id(shown.job_id)
    assert split_id(disguise.true_id(shown.job_id)) == ("main", longest)
    assert is_job_id(longest)


def test_the_jobs_of_the_only_server_keep_their_ids() -> None:
    assert of_server("", "a:1") == "a:1"
