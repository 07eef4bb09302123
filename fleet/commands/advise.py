"""`fleet advise`: shows what another number of miners, another worker, host or address would earn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from rich.console import Console

from config.load import load
from config.sections import EarningSettings
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import Sheet, console, line
from fleet.earning.advice import Option, figure
from fleet.earning.advice_json import stated
from fleet.exact_json import dump
from fleet.ledger.reports.advice import KeptAdvice, kept_advice
from fleet.ledger.reports.forecasts import ForecastHour, forecast_hours
from fleet.ledger.storage.places import ledger_to_read
from fleet.money.readable import readable

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
#: advice older than this is marked: the farm writes it once a minute
_OLD_S = 300
#: number of hours whose forecast is shown, and the least seconds that the farm ran in one; --json has all
_SHOWN_HOURS, _SHOWN_S = 12, 60.0
_NOT_MEASURED = "not measured"
_NOTHING = (
    "Nothing is known yet: a farm writes its advice once it has seen what jobs pay and how long one takes, and at "
    "its end. Run it for a minute, then ask again."
)


@click.command("advise")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def advise(*, as_json: bool) -> None:
    """Show what more or fewer miners, a worker, a host or an address would earn, in NNET a day.

    The figures are estimates from the server's answers, which a running farm writes to its ledger every minute. They
    are never booked. "±" is one standard error of the change. The second table compares the forecast for each past
    hour with what was booked in it.

    \b
    Examples:
      fleet advise
      fleet advise --json | jq -r .servers[0].advice
    """
    with settings_or_exit():
        settings = load()
    place = ledger_to_read(settings)
    with farm_errors():
        found, hours = kept_advice(place), forecast_hours(place)
    now_ms = time.time_ns() // 1_000_000
    prices = settings.earning
    if as_json:
        servers = [_stated(one, prices, now_ms) for one in found]
        click.echo(dump({"servers": servers, "hours": [_stated_hour(hour) for hour in hours]}))
        return
    screen = console()
    if not found:
        line(screen, _NOTHING)
    for one in found:
        _print(screen, one, prices, now_ms)
    shown = [hour for hour in hours if hour.ran_s >= _SHOWN_S][-_SHOWN_HOURS:]
    if shown:
        _print_hours(screen, shown)


# -- prices ----------------------------------------------------------------------------------------------------------


def _kwh(one: Option, prices: EarningSettings) -> float | None:
    """Energy a day for computing in kWh; None if unknown."""
    known = one.income is not None and one.core_hours is not None and prices.watts_per_core is not None
    return one.core_hours * prices.watts_per_core / 1000 if known else None  # type: ignore[operator]


def _worth(one: Option, prices: EarningSettings) -> float | None:
    """A day's income in the owner's currency, less the power for computing; None if unknown."""
    if prices.nnet_price is None or one.income is None:
        return None
    worth = one.income * prices.nnet_price
    if prices.watts_per_core is None or not prices.power_price_kwh:
        return worth
    kwh = _kwh(one, prices)
    return None if kwh is None else worth - kwh * prices.power_price_kwh


# -- JSON ------------------------------------------------------------------------------------------------------------


def _stated(one: KeptAdvice, prices: EarningSettings, now_ms: int) -> dict[str, object]:
    made = stated(one.advice)
    options = (one.advice.now, one.advice.best, *one.advice.others)
    for row, option in zip((made["now"], made["best"], *made["others"]), options, strict=True):
        row |= {"kwh_a_day": _kwh(option, prices), "worth_a_day": _worth(option, prices)}
    age_s = (now_ms - one.at_ms) / 1000
    return {"server": one.server, "at": _moment(one.at_ms), "age_s": age_s, "currency": prices.currency, **made}


def _stated_hour(one: ForecastHour) -> dict[str, object]:
    return {
        "server": one.server,
        "hour": _hour(one),
        "miners": one.miners,
        "ran_s": one.ran_s,
        "forecast_nnet": one.forecast,
        "error_nnet": one.error,
        "booked_nnet": one.booked,
    }


# -- tables ----------------------------------------------------------------------------------------------------------


def _print(screen: Console, one: KeptAdvice, prices: EarningSettings, now_ms: int) -> None:
    advice = one.advice
    line(screen, one.server, style="bold")
    line(screen, advice.sentence)
    power = prices.watts_per_core is not None
    priced = prices.nnet_price is not None
    figures = ("NNET a day", "change", "±", *(("kWh",) if power else ()), *((prices.currency,) if priced else ()))
    sheet = Sheet(("", "miners", *figures), right=("miners", *figures))
    for option in (advice.now, advice.best, *advice.others):
        changed = "" if option is advice.now else _number(option.change, sign=True)
        cells = [_number(option.income), changed, _number(option.error) if option.income is not None else ""]
        cells += [_number(_kwh(option, prices))] if power else []
        cells += [_number(_worth(option, prices))] if priced else []
        sheet.add([option.what, f"{option.miners}", *cells])
    sheet.print(screen)
    _print_notes(screen, one, prices, now_ms)


def _print_notes(screen: Console, one: KeptAdvice, prices: EarningSettings, now_ms: int) -> None:
    for text in one.advice.unknown:
        line(screen, f"{_NOT_MEASURED}: {text}")
    if prices.nnet_price is not None and prices.watts_per_core is not None and prices.power_price_kwh:
        line(screen, f"{prices.currency}: a day's NNET at your price, less the power for computing")
    age_s = max((now_ms - one.at_ms) // 1000, 0)
    old = "; a running farm writes it every minute" if age_s > _OLD_S else ""
    line(screen, f"estimated {_age(age_s)} ago, at {_moment(one.at_ms)}{old}")


def _print_hours(screen: Console, hours: Sequence[ForecastHour]) -> None:
    servers = {one.server for one in hours}
    where = ("server",) if len(servers) > 1 else ()
    names = ("miners", "minutes", "forecast NNET", "booked NNET", "forecast off by")
    sheet = Sheet(("hour (UTC)", *where, *names), right=names)
    for one in hours:
        off = _NOT_MEASURED if one.off is None else f"{one.off * 100:+.1f} %"
        figures = (f"{one.miners}", f"{one.ran_s / _MINUTE_S:.0f}", figure(one.forecast), readable(one.booked), off)
        sheet.add([_hour(one), *((one.server,) if where else ()), *figures])
    line(screen, "")
    line(screen, "forecast for each hour, and what jobs and heartbeats earned in it:", style="bold")
    sheet.print(screen)


def _number(amount: float | None, *, sign: bool = False) -> str:
    if amount is None:
        return _NOT_MEASURED
    return f"{'+' if sign and amount > 0 else ''}{figure(amount)}"


def _age(age_s: int) -> str:
    for unit_s, unit in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if age_s >= 2 * unit_s:
            return f"{age_s // unit_s} {unit}"
    return f"{age_s} s"


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _hour(one: ForecastHour) -> str:
    return datetime.fromtimestamp(one.hour * _HOUR_S, UTC).strftime("%Y-%m-%dT%H:00Z")
