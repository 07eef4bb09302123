"""The table that `fleet rewards` prints for each server, and for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.commands.printing.tables import Sheet
from fleet.domain.amounts import ZERO
from fleet.ledger.reports.rewards import Reward


def rewards_sheet(
    by: str, names: Sequence[str], rows: Sequence[Reward], *, ids: bool, exact: bool, summed: bool = False
) -> Sheet:
    """The figures `names` of the rows and their sums, or with `summed` the sums alone."""
    titles = {name: name.replace("_nnet", " NNET") for name in names}
    amounts = tuple(title for name, title in titles.items() if name.endswith("_nnet"))
    sheet = Sheet((by, *titles.values()), amounts=amounts, right=tuple(titles.values()), exact=exact)
    for row in () if summed else rows:
        group = row.miner_id if ids and row.miner_id else row.group
        sheet.add((group, *(getattr(row, name) for name in names)))
    totals = (sum((getattr(row, name) for row in rows), ZERO) for name in names)
    sheet.add(("all", *totals), style="bold")
    return sheet
