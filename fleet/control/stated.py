"""The JSON form of controls and of their log: times in ISO 8601, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.control.control import Control, LogEntry, Target, TargetKind
from fleet.control.wording import said
from fleet.domain.calendar import Calendar
from fleet.money.scopes import stamp


def control_stated(control: Control, calendar: Calendar, now_ms: int) -> dict[str, Any]:
    """A control in force, with the words that screens show."""
    return {
        **_target(control.target),
        "subject": subject_of(control.target),
        "action": control.action.value,
        "since": stamp(control.since_ms),
        "until": stamp(control.until_ms),
        "stop_after_s": control.stop_after_s,
        "who": control.who,
        "reason": control.reason,
        "source": control.source.value,
        "text": said(control, calendar, now_ms),
    }


def entry_stated(entry: LogEntry) -> dict[str, Any]:
    """An entry of the log."""
    return {
        "at": stamp(entry.at_ms),
        "change": entry.change.value,
        **_target(entry.target),
        "until": stamp(entry.until_ms),
        "stop_after_s": entry.stop_after_s,
        "who": entry.who,
        "reason": entry.reason,
        "source": entry.source.value,
    }


def subject_of(target: Target) -> str:
    """The target as conditions name their subjects: `farm`, `miner NAME`, `host NAME`, …"""
    return f"{target.kind.value} {target.name}".strip()


def _target(target: Target) -> dict[str, Any]:
    return {"kind": target.kind.value, "name": target.name or None}


def line_of(row: Mapping[str, Any]) -> str:
    """A stated control in one sentence: `miner garage-1 is paused until 06:00 by alex: night tariff`."""
    shown = "the farm" if row["kind"] == TargetKind.FARM.value else str(row["subject"])
    return f"{shown} is {row['text']}"
