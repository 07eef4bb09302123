"""Each command that steers, in a farm whose miners, tags and prices stand in a folder that the coordinator reads.

One file: its tests share that farm, for which the coordinator is replaced twice.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.compose import ROOT, Farm, inspect, until

pytestmark = pytest.mark.timeout(300)

_DOCS = ROOT / "docs" / "steering.md"
_TAGS = {"north": "cold", "south": "warm", "east": "warm"}
#: where the container sees the folder, by the recipe
_INSIDE = "/etc/neonet-fleet"
_SCHEDULE = f'[schedule]\nprice_file = "{_INSIDE}/prices.json"\nprice_max = 0.3\nleast_on_s = 0\n'


def replaced(file: Path, text: str) -> None:
    """Replace a file by a new one, as an editor does."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


class Steered:
    """A farm in Compose, the folder that it reads, and its API at the page's port."""

    def __init__(self, farm: Farm, folder: Path) -> None:
        self.farm, self.folder = farm, folder
        self._basic = ""

    def mine(self, *names: str, head: str = "") -> None:
        """Name these miners in the file, below `head`."""
        tables = (
            f'[[miner]]\nid = "neo1{one}000000000000000000000000000000000000"\nname = "{one}"\n'
            f'tags = ["{_TAGS.get(one, "new")}"]\n'
            for one in names
        )
        replaced(self.folder / "fleet.toml", head + "".join(tables) + _SCHEDULE)

    def cost(self, price: float) -> None:
        """State a price of power for today and tomorrow."""
        now = datetime.now(UTC)
        ends = {"start": now - timedelta(hours=1), "end": now + timedelta(days=1)}
        window = {name: at.isoformat() for name, at in ends.items()} | {"price": price}
        replaced(self.folder / "prices.json", json.dumps([window]))

    def fleet(self, *words: str, code: int = 0) -> str:
        """What a command in the coordinator's container prints."""
        done = self.farm.compose("exec", "--no-TTY", "coordinator", "fleet", *words, check=False)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def asked(self, path: str, *, token: str = "", body: object = None) -> tuple[int, Any]:
        """Status and answer of the API, with the page's password unless there is a token."""
        if not self._basic:
            login = self.farm.run_in("coordinator", "cat", "/run/secrets/FLEET_WEB__BASIC_AUTH").strip()
            self._basic = base64.b64encode(login.encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.farm.page_port}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}" if token else f"Basic {self._basic}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - http to loopback
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, json.load(exc)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.asked("status")[1]
        return found

    def miners(self) -> dict[str, dict[str, Any]]:
        return {row["miner"]: row for row in self.asked("miners")[1].get("miners", [])}

    def mining(self) -> set[str]:
        return {name for name, row in self.miners().items() if row["state"] == "mining"}

    def mines(self, *names: str) -> None:
        """Wait until these miners, and no others, mine, and each of them is paid again."""
        until(lambda: self.mining() == set(names), 60, f"only {names} mine")
        before = self.miners()
        until(
            lambda: all(self.miners()[name]["paid"] > before[name]["paid"] for name in names), 60, f"{names} are paid"
        )

    def paid(self) -> int:
        return sum(row["paid"] for row in self.miners().values())

    def stands_still(self) -> None:
        """Wait until nothing is paid any more, and check that nothing is called wrong."""

        def still() -> bool:
            before = self.paid()
            # an answer may be two seconds old
            time.sleep(4.0)
            return self.paid() == before

        until(still, 60, "nothing more is paid")
        assert self.status()["wrong"] == []


@pytest.fixture(scope="module")
def steered(mining: Farm) -> Iterator[Steered]:
    """The farm with a folder of settings, by the recipe of the docs; afterwards as it was."""
    recipe = _DOCS.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    override, folder = mining.folder / "compose.override.yaml", mining.folder / "farm"
    folder.mkdir()
    one = Steered(mining, folder)
    one.mine(*_TAGS)
    one.cost(0.2)
    override.write_text(recipe, encoding="utf-8")
    try:
        mining.compose("up", "--detach", "--wait")
        one.mines(*_TAGS)
        yield one
    finally:
        override.unlink()
        mining.compose("up", "--detach", "--wait")


@pytest.mark.parametrize(
    ("what", "options", "others"),
    [
        (("tag", "warm"), ("--until", f"{datetime.now(UTC) + timedelta(hours=2):%H:%M}"), ("north",)),
        (("server", "SERVER"), ("--for", "1h"), ()),
        (("farm",), ("--for", "1h", "--stop-after", "1s"), ()),
    ],
    ids=["tag", "server", "farm"],
)
def test_miners_are_paused_until_an_end_with_a_reason_and_resumed(
    steered: Steered, what: tuple[str, ...], options: tuple[str, ...], others: tuple[str, ...]
) -> None:
    what = tuple(steered.status()["servers"][0]["server"] if word == "SERVER" else word for word in what)
    told = steered.fleet("pause", *what, *options, "--reason", "a trial", "--by", "sam")
    assert " paused until " in told
    assert " by sam: a trial" in told
    steered.mines(*others)
    assert [one["reason"] for one in steered.status()["controls"]] == ["a trial"]
    assert steered.status()["wrong"] == []
    steered.fleet("resume", *what)
    steered.mines(*_TAGS)


def test_a_host_is_paused_then_drained_and_docker_starts_its_workers_again(steered: Steered) -> None:
    def restarts() -> list[int]:
        return [inspect(one)["RestartCount"] for one in steered.farm.containers("worker")]

    before = restarts()
    assert "take nothing more" in steered.fleet("pause", "host", "local", "--for", "1h")
    steered.stands_still()
    steered.fleet("drain", "host", "local", "--replace")
    until(lambda: all(now > then for now, then in zip(restarts(), before, strict=True)), 60, "new workers")
    steered.fleet("resume", "host", "local")
    steered.mines(*_TAGS)


def test_jobs_of_a_paused_type_wait(steered: Steered) -> None:
    def waiting() -> set[str]:
        return {row["waits_for_type"] for row in steered.miners().values()} - {None}

    kind = max(steered.status()["job_types"], key=lambda row: row["computed"])["name"]
    steered.fleet("pause", "type", kind, "--reason", "too long")
    until(lambda: waiting() == {kind}, 60, "a miner that waits")
    steered.fleet("resume", "type", kind)
    steered.mines(*_TAGS)


def test_a_pause_ends_by_itself_a_miner_is_drained_waits_are_ended_and_the_log_has_it_all(steered: Steered) -> None:
    steered.fleet("pause", "farm", "--for", "3s", "--by", "sam")
    until(lambda: steered.asked("log")[1]["entries"][-1]["change"] == "end", 30, "its end in the log")
    steered.fleet("drain", "miner", "south", "--by", "sam")
    steered.mines("north", "east")
    steered.fleet("resume", "miner", "south", "--by", "sam")
    assert "tries again now" in steered.fleet("retry", "farm", "--by", "sam", "--reason", "why not")
    steered.mines(*_TAGS)
    entries = json.loads(steered.fleet("log", "--json", "--last", "5"))["entries"]
    assert [(one["change"], one["name"], one["who"]) for one in entries] == [
        ("pause", None, "sam"),
        ("end", None, "the clock"),
        ("drain", "south", "sam"),
        ("resume", "south", "sam"),
        ("retry", None, "sam"),
    ]
    assert "did you mean 'north'?" in steered.fleet("pause", "miner", "nort", code=65)


def test_a_token_steers_over_the_api_until_it_is_revoked(steered: Steered) -> None:
    made = {
        scope: json.loads(steered.fleet("token", "create", f"a-{scope}", "--scope", scope, "--json"))["token"]
        for scope in ("read", "control")
    }
    order = {"kind": "miner", "name": "north", "for": "2h", "reason": "a trial"}
    assert steered.asked("pause", body=order)[0] in {401, 403}, "a password is not enough"
    assert steered.asked("pause", body=order, token=made["read"])[0] == 403
    status, got = steered.asked("pause", body=order, token=made["control"])
    assert (status, got["entry"]["who"]) == (200, "token a-control")
    steered.mines("south", "east")
    assert steered.asked("resume", body={"kind": "miner", "name": "north"}, token=made["control"])[0] == 200
    listed = json.loads(steered.fleet("token", "list", "--json"))["tokens"]
    assert [(one["name"], one["scope"]) for one in listed] == [("a-read", "read"), ("a-control", "control")]
    steered.fleet("token", "revoke", "a-control")
    assert steered.asked("pause", body=order, token=made["control"])[0] == 401
    assert "the farm has: a-read" in steered.fleet("token", "revoke", "a-control", code=65)
    steered.fleet("token", "revoke", "a-read")
    assert not any(one in steered.farm.logs("coordinator") for one in made.values())
    steered.mines(*_TAGS)


def test_a_changed_file_is_read_by_itself_at_sighup_and_by_the_command(steered: Steered) -> None:
    def lines() -> int:
        return steered.farm.logs("coordinator").count("[CONF]")

    (container,) = steered.farm.containers("coordinator")
    steered.mine(*_TAGS, "west")
    until(lambda: "west" in steered.mining(), 60, "the new miner")
    before = lines()
    logged = json.loads(steered.fleet("log", "--json", "--last", "1"))["entries"][0]
    assert (logged["change"], logged["name"]) == ("reload", "1 miner added: west")
    assert logged["who"] == "a change of fleet.toml"
    steered.farm.compose("kill", "--signal", "HUP", "coordinator")
    until(lambda: lines() > before, 30, "the settings are read again at SIGHUP")
    steered.mine(*_TAGS, head="heartbeat_s = 31.0\n")
    for words in (("reload",), ("config", "diff")):
        assert "heartbeat_s: 30.0 → 31.0; needs a restart" in steered.fleet(*words)
    steered.mine(*_TAGS)
    steered.mines(*_TAGS)
    assert steered.farm.containers("coordinator") == [container]
    assert inspect(container)["RestartCount"] == 0


def test_a_file_with_a_mistake_is_refused_with_its_line_and_the_farm_mines_on(steered: Steered) -> None:
    steered.mine(*_TAGS, head='\nminers = "many"\n')
    for words in (("reload",), ("config", "check", f"{_INSIDE}/fleet.toml")):
        assert f"{_INSIDE}/fleet.toml, line 2" in steered.fleet(*words, code=78)
    until(lambda: "the settings were not taken over" in steered.farm.logs("coordinator"), 30, "a warning")
    steered.mines(*_TAGS)
    steered.mine(*_TAGS)
    stated = json.loads(steered.fleet("config", "check", f"{_INSIDE}/fleet.toml", "--json"))
    assert (stated["valid"], stated["miners"]) == (True, 3)


def test_a_file_with_ids_that_others_can_read_is_a_warning_until_its_folder_is_closed_by_the_recipe(
    steered: Steered,
) -> None:
    def secrets() -> str:
        checks = json.loads(steered.fleet("doctor", "--fix", "--json"))["checks"]
        (one,) = [check for check in checks if check["subject"] == "secrets" and "fleet.toml" in check["found"]]
        return f"{one['grade']}: {one['advice']}"

    assert (
        secrets() == "warn: let only this container's group into its folder: on the host, `sudo chgrp 10001` and "
        "`chmod 750`"
    )
    before = steered.folder.stat()
    recipe = _DOCS.read_text(encoding="utf-8").partition("sudo chgrp")[2].partition("```")[0]
    try:
        subprocess.run(["sh", "-ec", f"chgrp{recipe}"], cwd=steered.folder.parent, check=True)
        assert secrets() == "ok: "
        steered.fleet("reload")
        steered.mines(*_TAGS)
    finally:
        os.chown(steered.folder, -1, before.st_gid)
        steered.folder.chmod(before.st_mode & 0o777)


def test_the_schedule_follows_prices_and_the_doctor_and_the_drawn_week_say_so(steered: Steered) -> None:
    steered.cost(0.41)
    until(lambda: [one["who"] for one in steered.status()["controls"]] == ["the schedule"], 60, "its pause")
    steered.stands_still()
    checks = json.loads(steered.fleet("doctor", "--json"))["checks"]
    found = [one["found"] for one in checks if one["subject"] == "power prices"]
    assert found[0].startswith(f"{_INSIDE}/prices.json is read: 1 window, written ")
    assert "no window from now on lets it mine: the lowest price is 0.41" in found[1]
    steered.cost(0.2)
    steered.mines(*_TAGS)
    week = json.loads(steered.fleet("schedule", "preview", "--farm", "--week", "2026-03-29", "--json"))
    assert (len(week["farm_days"]), week["price_max"]) == (7, 0.3)
    assert "the schedule" in steered.fleet("log", "--last", "1")
