"""Messages reach a webhook and a mail server, and no word about a failure shows a URL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet.alerts.memory import Memory, Raised, read_memory, write_memory
from fleet.alerts.message import Message
from fleet.alerts.outbox import Outbox
from tests.support.farms import farm_settings
from tests.support.processes import run_fleet
from tests.support.sinks import mail_server, silent_service, webhook

MESSAGE = Message(title="shed: a trouble", body="The server does not answer.\n→ Wait.")


def test_a_webhook_and_a_mail_server_take_a_message() -> None:
    with webhook() as (hook, posted), mail_server() as (address, mails):
        assert list(Outbox([hook, address], 60.0).deliver(MESSAGE)) == [("json", ""), ("mailto", "")]
    assert (posted[0]["title"], posted[0]["message"]) == (MESSAGE.title, MESSAGE.body)
    assert "Subject: shed: a trouble" in mails[0]


def test_a_service_that_never_answers_is_given_up_and_others_get_theirs() -> None:
    with silent_service() as (silent, _), webhook() as (hook, posted):
        (failed, why), (_, arrived) = Outbox([silent, hook], 2.0).deliver(MESSAGE)
        assert (failed, why) == ("json", "no answer within 2 s")
        if arrived:
            # under load the process may take longer than its two seconds to start
            assert list(Outbox([hook], 60.0).deliver(MESSAGE)) == [("json", "")]
    assert posted


@pytest.mark.parametrize(
    "url", ["nosuch://user:hunter2-long@example.com", "json://user:hunter2-long@127.0.0.1:1/a-secret-path"]
)
def test_a_failure_is_explained_without_any_secret(url: str) -> None:
    ((_, why),) = Outbox([url], 60.0).deliver(MESSAGE)
    assert why
    assert "hunter2" not in why
    assert "a-secret-path" not in why


def test_the_test_command_says_which_service_took_its_message(tmp_path: Path) -> None:
    with webhook() as (hook, posted):
        settings = farm_settings(tmp_path, {"FLEET_ALERTS__URLS": f"{hook} json://127.0.0.1:1/a-secret-path"})
        done = run_fleet("alert", "test", folder=tmp_path, settings=settings)
        stated = run_fleet("alert", "test", "--json", folder=tmp_path, settings=settings)
    assert done.returncode == stated.returncode == 69
    assert done.stdout.splitlines()[0] == "1 json: delivered"
    assert done.stdout.splitlines()[1].startswith("2 json: not delivered: ")
    found = json.loads(stated.stdout)
    assert (found["delivered"], found["failed"]) == (1, 1)
    assert found["services"][0] == {"service": "json", "delivered": True, "reason": None}
    assert found["services"][1]["reason"] in done.stdout
    assert "secret" not in done.stdout + done.stderr + stated.stdout + stated.stderr
    assert posted[0]["title"] == "NeoNet farm: test"
    shown = run_fleet("config", folder=tmp_path, settings=settings)
    assert "a-secret-path" not in shown.stdout
    none = run_fleet("alert", "test", folder=tmp_path, settings=farm_settings(tmp_path))
    assert none.returncode == 78
    assert "FLEET_ALERTS__URLS" in none.stderr


def test_the_memory_is_read_as_it_was_written_and_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    one = Raised(kind="outage", subject="server s", text="It is away.", since_ms=5)
    memory = Memory(raised={("outage", "server s"): one}, sent_at_ms=[7], reported="2026-11-26")
    write_memory(path, memory)
    assert read_memory(path) == memory
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 2}', '{"v": 1, "raised": [{}], "sent_at_ms": []}'])
def test_a_file_that_is_no_memory_is_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "alerts.json").write_text(text)
    assert read_memory(tmp_path / "alerts.json") == Memory()
