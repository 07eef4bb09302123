"""Whatever a text holds, it is shown as text: on each page and screen, in log, output, metrics, alerts, CSV, Flower."""

from __future__ import annotations

import csv
import io
import json
import logging
from dataclasses import replace
from typing import Literal

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from textual.pilot import Pilot

from config.logs import set_up
from config.sections import LogSettings
from fleet.alerts.message import message_of
from fleet.commands.printing.sheets import restored, write_csv
from fleet.commands.printing.status_screen import screen_of
from fleet.coordinator.output.lines import Lines
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.ledger.reports.job_history import JobStep, Life, Match
from fleet.ledger.reports.latest import PaidJob
from fleet.server.denials import error_of
from fleet.status.standing import FarmStanding
from fleet.web.farm_metrics import farm_metrics
from fleet.web.pages import Pages
from tasks.flower.plain_events import plain_event
from tests.support.attacks import ATTACKS
from tests.support.snapshots import AT_MS, MINER, SNAPSHOT, WORK, as_read, hostile, snapshot
from tests.support.viewed import Farm, settled, used
from tests.support.web_world import Elements, World

WIDTH, HEIGHT = 80, 24

each = pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)


PATHS = ("/", "/miners", "/miner?name", "/hosts", "/host?name", "/jobs", "/job?id", "/steer?name", "/nothing")


def pages(text: str) -> list[str]:
    """All pages of a farm with this text wherever a server or a worker has a say, and in the visitor's query."""
    job = PaidJob(
        entry=7, job_id=text, job_type=text, miner=text, host=text, amount=ZERO, confirmed=True, booked_ms=AT_MS
    )
    life = Life(
        server=text,
        miner=text,
        job={"job_id": text, "job_type": text, "cause": text},
        steps=(JobStep(at=text, state=text, attempt=1, after_ms=0),),
        entries=({"entry": 1, "amount_nnet": "1", "kind": text, "status": text, "booked_at": text, "hash": text},),
    )
    match = Match(job_id=text, server=text, miner=text, job_type=text, state=text, assigned_at=text)
    world = World(farm=hostile(text), jobs=[job], lives=[life], found=[match])
    made: list[str] = []

    async def ask(pages: Pages) -> None:
        for path in PATHS:
            place, _, field = path.partition("?")
            made.append((await pages.answer(place, {field: text} if field else {})).body.decode())

    world.run(ask)
    return made


@each
def test_each_page_has_the_elements_that_it_always_has(text: str) -> None:
    for document, usual in zip(pages(text), pages("plain"), strict=True):
        made = Elements(document)
        assert made.tags == Elements(usual).tags
        assert not [name for name in made.attributes if name.startswith("on") or name == "style"]
        assert not [value for name, value in made.given if name in {"href", "src"} and not value.startswith(("/", "#"))]
        assert not [char for char in document if not char.isprintable() and char not in "\n\u2007\u2008"]


def test_a_full_screen_view_shows_printable_characters_within_its_width() -> None:
    """All of them at once, each as a miner, a host, a type and something wrong."""
    (wrong,) = SNAPSHOT.wrong
    farm = snapshot(
        miners=tuple(replace(MINER, name=text, state=text) for text in ATTACKS.values()),
        hosts=tuple(replace(WORK, name=text) for text in ATTACKS.values()),
        types=tuple(replace(WORK, name=text) for text in ATTACKS.values()),
        wrong=tuple(replace(wrong, text=text, help=text, subject=f"miner {text}") for text in ATTACKS.values()),
    )

    async def script(pilot: Pilot[None]) -> None:
        for keys in (("1",), ("2",), ("3",), ("pagedown",), ("enter",), ("escape", "w")):
            text = await settled(pilot, *keys)
            assert "owned" in text or "alert(1)" in text or keys == ("enter",)
            assert not {char for char in text if not char.isprintable()} - {"\n"}

    used(script, Farm(farm), (WIDTH, 40))


@each
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_of_the_log_and_of_the_output_stays_one_line(text: str, form: Literal["text", "json"]) -> None:
    said = str(error_of(404, json.dumps({"detail": text}).encode(), None))
    log, out = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = []
    try:
        set_up(LogSettings(format=form), stream=log)
        logging.getLogger("fleet.server.client").warning("the server answers %s", said)
        Lines(out, as_json=form == "json").say(f"[WARN]   {said}")
    finally:
        root.handlers[:] = before
    for line in (log.getvalue(), out.getvalue()):
        assert line.endswith("\n")
        assert line[:-1].isprintable()


@each
def test_flower_keeps_printable_text_alone(text: str) -> None:
    event = {"type": "task-succeeded", "hostname": "worker@shed", "uuid": "j", "timestamp": 1.0, "name": text}
    kept = plain_event(event | dict.fromkeys(("args", "result", "exception", "traceback"), text))
    assert kept is not None
    assert kept.get("name", "other") == "other"
    for name in ("args", "result", "exception", "traceback"):
        assert kept[name].replace("\n", "").isprintable()
    named = plain_event(event | {"hostname": text})
    assert named is None or named["hostname"].isprintable()


@each
def test_a_terminal_shows_lines_of_printable_characters_within_its_width(text: str) -> None:
    screen = Console(width=WIDTH, height=HEIGHT, highlight=False, color_system=None)
    with screen.capture() as capture:
        screen.print(screen_of(FarmStanding(coordinator="mining", age_s=0.5, figures=as_read(hostile(text))), HEIGHT))
    shown = capture.get()
    assert not [char for char in shown if not char.isprintable() and char != "\n"]
    assert "[OK]     all is well" not in shown.splitlines()


@each
def test_the_metrics_have_the_samples_that_they_always_have(text: str) -> None:
    def samples(name: str) -> list[tuple[str, tuple[str, ...], float]]:
        _, registry = farm_metrics(lambda: hostile(name), release=name, tags={name: (name,)})
        parsed = text_string_to_metric_families(generate_latest(registry).decode())
        return [
            (one.name, tuple(one.labels), one.value)
            for family in parsed
            for one in family.samples
            if not one.name.startswith("neonet_snapshot_age") and not one.name.endswith("_created")
        ]

    def without_ages(found: list[tuple[str, tuple[str, ...], float]]) -> list[tuple[str, tuple[str, ...], float]]:
        return [one for one in found if "age_seconds" not in one[0]]

    assert without_ages(samples(text)) == without_ages(samples("plain"))


@each
def test_the_title_of_a_message_is_one_printable_line(text: str) -> None:
    (wrong,) = hostile(text).wrong
    made = message_of(text, [wrong], [], AT_MS, Calendar())
    assert made.title.isprintable()
    assert not [char for char in made.body if not char.isprintable() and char != "\n"]
    assert len(made.body.splitlines()) == len(
        message_of("farm", SNAPSHOT.wrong, [], AT_MS, Calendar()).body.splitlines()
    )


@each
def test_a_sheet_gives_each_text_back_and_runs_none(text: str) -> None:
    out = io.StringIO(newline="")
    write_csv(out, ("job", "miner"), [(text, "garage")])
    _, row = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert [restored(cell) for cell in row] == [text, "garage"]
    assert row[0][:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
