"""What checks found of each host, as the snapshot and the farm's health state it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from config.hiding import hidden
from fleet.audit.auditor import Auditor
from fleet.status.snapshot import HostChecks, WorkRow


def with_checks(rows: Iterable[WorkRow], auditor: Auditor) -> tuple[WorkRow, ...]:
    """The hosts' rows with what checks found of them."""
    found = {
        hidden(host): HostChecks(
            checked=one.checked,
            agreed=one.agreed,
            wrong=one.wrong,
            unchecked=one.unchecked,
            quarantined=one.distrusted,
        )
        for host, one in auditor.records.items()
    }
    return tuple(replace(row, checks=found[row.name]) if row.name in found else row for row in rows)


def distrusted(auditor: Auditor) -> Mapping[str, str]:
    """Hosts whose results are refused, as they are shown, with the reason."""
    return {hidden(host): one.distrusted for host, one in auditor.records.items() if one.distrusted}
