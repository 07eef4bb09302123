"""Whatever a text holds, it is shown as text: on the page and the terminal, in metrics, alerts and CSV."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from fleet.alerts.message import message_of
from fleet.commands.printing.sheets import restored, write_csv
from fleet.commands.printing.status_screen import screen_of
from fleet.domain.calendar import Calendar
from fleet.status.standing import FarmStanding
from fleet.web import views
from fleet.web.farm_metrics import farm_metrics
from fleet.web.rendering import Renderer
from tests.support.attacks import ATTACKS
from tests.support.snapshots import AT_MS, SNAPSHOT, as_read, hostile

WIDTH, HEIGHT = 80, 24

each = pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)


class Elements(HTMLParser):
    """The elements of a page, and their attributes."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def overview(text: str) -> Elements:
    farm = hostile(text)
    document = Renderer().page(
        "hosts.html",
        here="/hosts",
        farm=farm,
        standing=views.standing(farm, 0.0),
        server=farm.server,
        simulated=True,
        hosts=views.hosts(farm),
        calendar=Calendar(),
    )
    return Elements(document.decode())


@each
def test_a_page_has_the_elements_that_it_always_has(text: str) -> None:
    made = overview(text)
    assert made.tags == overview("plain").tags
    assert not [name for name, _ in made.attributes if name.startswith("on") or name == "style"]
    assert not [
        value for name, value in made.attributes if name in {"href", "src"} and not value.startswith(("/", "#"))
    ]


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
    made = message_of(text, [wrong], [], AT_MS)
    assert made.title.isprintable()
    assert not [char for char in made.body if not char.isprintable() and char != "\n"]
    assert len(made.body.splitlines()) == len(message_of("farm", SNAPSHOT.wrong, [], AT_MS).body.splitlines())


@each
def test_a_sheet_gives_each_text_back_and_runs_none(text: str) -> None:
    out = io.StringIO(newline="")
    write_csv(out, ("job", "miner"), [(text, "garage")])
    _, row = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert [restored(cell) for cell in row] == [text, "garage"]
    assert row[0][:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
