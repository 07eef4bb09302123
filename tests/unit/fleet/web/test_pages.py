"""Pages show foreign texts as text and no ids, are made once in two seconds, and survive an empty or a lost ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from config.hiding import hide_by
from fleet.control.control import Action, Control, Target, TargetKind
from fleet.domain.amounts import ZERO
from fleet.domain.miner_names import IdHider
from fleet.ledger.reports.job_history import JobStep, Life, Match
from fleet.ledger.reports.latest import PaidJob
from fleet.web.pages import Pages
from tests.support.snapshots import AT_MS, HOSTILE, MARKUP, MINER, SERVERS, SNAPSHOT, snapshot
from tests.support.web_world import Elements, World

MINER_ID = "neo15f0c3b9a7e2d4816a0b1c2d3e4f5061728394a5b"
JOB = PaidJob(
    entry=7,
    job_id=MARKUP,
    job_type=MARKUP,
    miner=MARKUP,
    host=MARKUP,
    amount=Decimal("0.5"),
    confirmed=True,
    booked_ms=AT_MS,
)
LIFE = Life(
    server=MARKUP,
    miner=MARKUP,
    job={"job_id": MARKUP, "job_type": MARKUP, "cause": f"{MARKUP} {MINER_ID}"},
    steps=(JobStep(at=MARKUP, state="assigned", attempt=1, after_ms=0),),
    entries=({"entry": 1, "amount_nnet": "1", "kind": MARKUP, "status": MARKUP, "booked_at": MARKUP, "hash": "ab"},),
)
MATCH = Match(job_id=MARKUP, server=MARKUP, miner=MARKUP, job_type=MARKUP, state=MARKUP, assigned_at=MARKUP)


@pytest.fixture
def known_ids() -> None:
    hide_by(IdHider({MINER_ID: "garage"}))


HOSTILE_PAGES = [
    ("/", {}),
    ("/miners", {"q": MARKUP, "sort": MARKUP, "page": MARKUP}),
    ("/miners", {}),
    ("/miner", {"name": MARKUP, "span": MARKUP}),
    ("/miner", {"name": MARKUP + "?"}),
    ("/hosts", {}),
    ("/host", {"name": MARKUP}),
    ("/host", {"name": "\ud800"}),
    ("/jobs", {}),
    ("/job", {"id": MARKUP}),
    ("/steer", {"kind": "miner", "name": MARKUP}),
    (f"/{MARKUP}", {MARKUP: MARKUP}),
]


@pytest.mark.parametrize(("path", "query"), HOSTILE_PAGES)
@pytest.mark.parametrize("broken", [False, True], ids=["whole", "broken ledger"])
@pytest.mark.usefixtures("known_ids")
def test_markup_and_control_characters_in_every_field_are_shown_as_text(
    path: str, query: dict[str, str], broken: bool
) -> None:
    world = World(
        farm=replace(HOSTILE, advice={MARKUP: MARKUP}), jobs=[JOB], lives=[LIFE], found=[MATCH], broken=broken
    )
    _, document = world.page(path, **query)
    elements = Elements(document)
    assert elements.tags.count("script") == (2 if path == "/steer" and not broken else 1), "the page's own"
    assert "img" not in elements.tags
    assert not [name for name in elements.attributes if name.startswith("on") or name == "style"]
    assert not [char for char in document if not char.isprintable() and char not in "\n\u2007\u2008"]
    assert MINER_ID not in document


def test_the_overview_shows_the_snapshots_figures() -> None:
    status, document = World().page("/")
    words = "".join(Elements(document).words)
    assert status == 200
    for text in ("112.345679", "19.00 to 24.00 NNET", "No worker takes jobs.", "Start one.", "garage-1", "Simulated."):
        assert text in words
    assert "4" in words
    assert 'aria-live="polite"' in document


def test_a_farm_that_starts_or_has_nothing_has_pages_too() -> None:
    assert World(farm=None).page("/")[0] == 200
    for path in ("/miners", "/hosts", "/miner", "/host"):
        assert World(farm=None).page(path)[0] == 503
    earnings = replace(
        SNAPSHOT.earnings, today=None, yesterday=None, projected=None, last_paid_ms=None, recent=ZERO, ledger=ZERO
    )
    empty = snapshot(
        earnings=earnings, miners=(), sessions={}, types=(), hosts=(), losses=None, gas=None, phase=None, wrong=()
    )
    for losses in (None, ()):
        status, document = World(farm=replace(empty, losses=losses)).page("/")
        assert status == 200
        assert "not stated" in document
    assert World(farm=empty).page("/jobs")[0] == 200
    assert World(farm=empty).page("/job", id="a")[0] == 404
    assert World(farm=empty).page("/miner", name="garage-1")[0] == 404


def test_2500_miners_take_one_page_of_rows() -> None:
    farm = snapshot(miners=tuple(replace(MINER, name=f"rig-{number}") for number in range(2_500)))
    assert World(farm=farm).page("/miners")[1].count("<tr data-key=") == 50
    assert World(farm=farm).page("/")[1].count('<tr data-key="rig-') == 12


def test_a_page_is_made_once_in_two_seconds_however_many_ask() -> None:
    world = World(jobs=[])

    async def ask(pages: Pages) -> None:
        await asyncio.gather(*(pages.answer("/jobs", {}) for _ in range(100)))
        assert world.reads == 1
        world.now += 2.0
        await pages.answer("/jobs", {})
        assert world.reads == 2

    world.run(ask)


def test_many_different_pages_at_once_are_put_off() -> None:
    world = World()

    async def ask(pages: Pages) -> None:
        statuses = [(await pages.answer("/job", {"id": f"{number}"})).status for number in range(100)]
        assert set(statuses) == {404, 503}
        assert world.reads == statuses.count(404) < 50
        for path, query in (("/", {}), ("/", {"span": "30 d"}), ("/miners", {}), ("/hosts", {})):
            assert (await pages.answer(path, query)).status == 200, "what everybody looks at is not put off"
        assert (await pages.answer("/", {"span": "31 d"})).status == 503
        world.now += 1.0
        assert (await pages.answer("/", {})).status == 200

    world.run(ask)


def test_a_snapshot_that_no_longer_changes_is_late() -> None:
    world = World(farm=snapshot(wrong=()))

    async def ask(pages: Pages) -> None:
        assert b">Mining<" in (await pages.answer("/", {})).body.replace(b"\n", b"")
        world.now += 60
        late = (await pages.answer("/", {})).body
        assert b"figures are 1 min old" in late

    world.run(ask)


def test_each_of_several_servers_has_a_row_with_its_own_limit() -> None:
    _, document = World(farm=replace(SNAPSHOT, servers=SERVERS)).page("/")
    for row in ("321/5,000", "123/5,000", "banned", "All servers"):
        assert row in document
    assert 'id="servers"' not in World(farm=replace(SNAPSHOT, servers=SERVERS[:1])).page("/")[1]


def test_a_pause_is_shown_beside_what_is_wrong() -> None:
    target = Target(kind=TargetKind.TAG, name="garage")
    control = Control(target=target, action=Action.PAUSE, since_ms=AT_MS, who="alex", reason=MARKUP)
    _, document = World(farm=snapshot(controls=(control,))).page("/")
    words = "".join(Elements(document).words)
    assert SNAPSHOT.wrong[0].text in words
    assert "Tag garage is paused by alex: " in words
    assert "<img" not in document


def test_a_miner_names_its_server_where_there_are_several() -> None:
    farm = replace(SNAPSHOT, servers=SERVERS, miners=(replace(MINER, server="side"), replace(MINER, name="rig")))
    several, one = World(farm=farm), World()
    assert 'id="server">side<' in several.page("/miner", name=MINER.name)[1]
    assert "at the server" in one.page("/miner", name=MINER.name)[1]
    for path in ("/", "/miners"):
        assert '<td class="foreign">side</td>' in several.page(path)[1]
    assert "sort=server" in several.page("/miners")[1]
    assert "sort=server" not in one.page("/miners")[1]
    assert "1</strong> of 2" in several.page("/miners", q="side")[1]


def test_why_a_miner_does_not_earn_more_is_said_by_the_farms_clock() -> None:
    _, document = World().page("/miner", name=MINER.name)
    assert "No worker takes jobs." in document
    assert "since 2027-01-15 07:59:00" in document
    assert "07:59:00Z" not in document
