"""Days, weeks and months of any time zone add up to the ledger, to the last digit, also where clocks are changed."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.cli import fleet
from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import Calendar
from fleet.domain.effects import Booked, Confirmed
from fleet.domain.jobs import Entry
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.rewards import rewards_by
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")
#: days around which payments are dense: the clocks of Berlin, St. John's and Lord Howe Island are changed
CHANGES = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
)
LABELS: dict[str, Callable[[datetime], str]] = {
    "day": lambda at: f"{at:%Y-%m-%d}",
    "week": lambda at: f"{at:%G-W%V}",
    "month": lambda at: f"{at:%Y-%m}",
}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> tuple[LedgerPlace, list[tuple[int, Decimal]]]:
    """A ledger of two years with odd amounts, and when each was booked."""
    place = LedgerPlace(url=f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}", simulated=False)
    random = Random(7)
    starts = [int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("UTC")).timestamp() * 1000) for day in CHANGES]
    times = [start + random.randrange(-43_200_000, 129_600_000) for start in starts for _ in range(60)]
    times += [starts[0] + random.randrange(-300, 300) * 86_400_000 + random.randrange(86_400_000) for _ in range(60)]
    paid = [(at, Decimal(random.randrange(1, 10**15)).scaleb(-random.randrange(1, 18))) for at in sorted(times)]
    clock = itertools.chain((at for at, _ in paid), itertools.repeat(paid[-1][0]))
    with Ledger(open_engine(place.url), "one", now_ms=lambda: next(clock)) as ledger:
        for number, (_, amount) in enumerate(paid):
            entry = Entry(
                miner_id=f"rig-{number % 3}",
                kind=EntryKind.JOB,
                amount=amount,
                confirmed=number % 7 > 0,
                session_id="s",
                job_id=f"j{number}",
                job_type="inference",
            )
            ledger.commit([Booked(entry=entry)])
        for number in range(0, len(paid), 14):
            ledger.commit([Confirmed(job_ids=(f"j{number}",), evidence="the total")])
    return place, paid


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(ZONES),
    by=st.sampled_from(sorted(LABELS)),
    days=st.tuples(*[st.none() | st.sampled_from(CHANGES)] * 2),
    widened=st.integers(0, 3),
)
def test_groups_of_any_zone_hold_each_payment_once(
    farm: tuple[LedgerPlace, list[tuple[int, Decimal]]],
    zone: str,
    by: str,
    days: tuple[date | None, date | None],
    widened: int,
) -> None:
    place, paid = farm
    first, last = days[0], None if days[1] is None else days[1] + timedelta(days=widened)
    expected: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for at_ms, amount in paid:
        local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
        if (first or date.min) <= local.date() <= (last or date.max):
            expected[LABELS[by](local)] += amount
    rows = rewards_by(place, by, calendar=Calendar(zone), days=(first, last))
    assert {row.group: row.total_nnet for row in rows} == expected


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("by", ["miner", "hour", "day", "week", "month"])
def test_all_groups_are_the_whole_ledger_with_the_same_payments(
    farm: tuple[LedgerPlace, list[tuple[int, Decimal]]], zone: str, by: str
) -> None:
    whole = rewards_by(farm[0], "type")[0]
    rows = rewards_by(farm[0], by, calendar=Calendar(zone))
    assert sum((row.total_nnet for row in rows), ZERO) == whole.total_nnet == sum((one for _, one in farm[1]), ZERO)
    assert (sum(row.payments for row in rows), sum(row.unconfirmed for row in rows)) == (len(farm[1]), 30)
    assert whole.unconfirmed == 30


def test_the_days_of_a_miner_are_those_from_the_first_to_the_last(
    farm: tuple[LedgerPlace, list[tuple[int, Decimal]]],
) -> None:
    kolkata = Calendar("Asia/Kolkata")
    parts = [date(2020, 1, 1), date(2026, 3, 29), date(2026, 10, 25), date(2030, 1, 1)]
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for first, after in itertools.pairwise(parts):
        for row in rewards_by(farm[0], "miner", calendar=kolkata, days=(first, after - timedelta(days=1))):
            sums[row.group] += row.total_nnet
    assert sums == {row.group: row.total_nnet for row in rewards_by(farm[0], "miner")}


@pytest.fixture
def rewards(
    farm: tuple[LedgerPlace, list[tuple[int, Decimal]]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs `fleet rewards` on the ledger."""
    file = farm[0].file
    assert file is not None
    monkeypatch.setenv("FLEET_STATE_DIR", str(file.parent))
    return lambda *options: CliRunner().invoke(fleet, ["rewards", *options])


def test_the_command_takes_a_zone_by_option_or_setting_and_names_it(
    rewards: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_option = json.loads(rewards("--by", "day", "--tz", "Asia/Kolkata", "--json").stdout)
    monkeypatch.setenv("FLEET_TIME_ZONE", "Asia/Kolkata")
    assert json.loads(rewards("--by", "day", "--json").stdout) == by_option
    assert by_option["time_zone"] == "Asia/Kolkata"
    assert "time zone: Asia/Kolkata" in rewards("--by", "week").stdout
    assert json.loads(rewards("--by", "day", "--tz", "utc", "--json").stdout)["rows"] != by_option["rows"]


def test_the_days_from_and_to_are_both_counted(rewards: Callable[..., Result]) -> None:
    lines = rewards("--by", "day", "--from", "2026-03-28", "--to", "2026-03-30", "--csv").stdout.splitlines()
    assert [line.split(",")[1] for line in lines] == ["day", "2026-03-28", "2026-03-29", "2026-03-30"]
    part = json.loads(rewards("--from", "2026-03-28", "--to", "2026-03-28", "--json").stdout, parse_float=str)
    assert (part["from"], part["to"], part["total_nnet"]) == ("2026-03-28", "2026-03-28", lines[1].split(",")[-1])


def test_a_spreadsheet_of_miners_has_the_wallets_columns(rewards: Callable[..., Result]) -> None:
    assert (
        rewards("--csv")
        .stdout.splitlines()[0]
        .endswith("total_nnet,server_total_nnet,server_total_at,wallet_nnet,wallet_at")
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tz", "Europe/Berln"), "is not the name of a time zone; one is Europe/Berlin"),
        (("--tz", "../../etc/passwd"), "is not the name of a time zone"),
        (("--from", "yesterday"), "'yesterday' is not a day; try 2026-11-26"),
        (("--from", "0001-01-01"), "'0001-01-01' is out of range; name a day from 1970-01-01 to 9998-12-31"),
        (("--to", "9999-12-31"), "'9999-12-31' is out of range"),
        (("--losses", "--from", "2026-11-26"), "leave out --from"),
    ],
)
def test_what_is_no_zone_or_day_is_refused(rewards: Callable[..., Result], options: tuple[str, ...], said: str) -> None:
    done = rewards(*options)
    assert (done.exit_code, said in done.output) == (2, True)
