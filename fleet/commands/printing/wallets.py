"""Prints each miner's total and wallet as the server stated them, beside what was booked, as tables and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from fleet.commands.printing.short_times import short_time
from fleet.commands.printing.tables import Sheet, console, line, note_rounding
from fleet.domain.amounts import ZERO
from fleet.ledger.reports.wallets import Held, Stated


def stated_figures(one: Stated | None) -> dict[str, object]:
    """The JSON of a miner's last stated total and balance, each with the time of its answer; null if not stated."""
    return {
        "server_total_nnet": one.total if one else None,
        "server_total_at": one.total_at if one else None,
        "wallet_nnet": one.wallet if one else None,
        "wallet_at": one.wallet_at if one else None,
    }


def print_stated(
    stated: Sequence[Stated], booked: Mapping[tuple[str, str], Decimal], *, ids: bool, exact: bool
) -> None:
    """Print what was booked, the server's total and the wallet of each miner of which the server stated one.

    `booked` is by server and name.
    """
    screen, now, sheets = console(), datetime.now(UTC), []
    known = [one for one in stated if one.total is not None or one.wallet is not None]
    if not known:
        line(screen, "The server stated no totals and no wallets yet.")
        return
    line(screen, "booked amounts, and what the server last stated (times in UTC):", style="bold")
    servers = list(dict.fromkeys(one.server for one in known))
    for server in servers:
        own = [one for one in known if one.server == server]
        together = all(one.total_at == one.wallet_at for one in own)
        times = ("stated at",) if together else ("total at", "wallet at")
        names = ("miner", "booked", "server's total", *times[:-1], "wallet", times[-1])
        sheets.append(Sheet(names, amounts=("booked", "server's total", "wallet"), exact=exact))
        for one in own:
            total_at = () if together else (short_time(one.total_at, now),)
            figures = (booked.get((one.server, one.miner), ZERO), one.total, *total_at, one.wallet)
            sheets[-1].add((one.miner_id if ids else one.miner, *figures, short_time(one.wallet_at, now)))
        if len(servers) > 1:
            line(screen, f"server: {server}")
        sheets[-1].print_rows(screen)
    note_rounding(screen, sheets)


def print_history(held: Sequence[Held], *, ids: bool, exact: bool) -> None:
    """Print what each wallet held, hour by hour."""
    sheet = Sheet(("server", "miner", "at", "wallet"), amounts=("wallet",), exact=exact)
    for one in held:
        sheet.add((one.server, one.miner_id if ids else one.miner, one.at, one.wallet))
    sheet.print(console())


def history_stated(held: Sequence[Held], *, ids: bool) -> dict[str, object]:
    """The JSON of `print_history`."""
    return {
        "wallets": [
            {
                "server": one.server,
                "miner": one.miner,
                **({"miner_id": one.miner_id} if ids else {}),
                "at": one.at,
                "wallet_nnet": one.wallet,
            }
            for one in held
        ]
    }
