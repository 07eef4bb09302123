"""Advice as JSON: how the ledger keeps it, and how `fleet advise --json` prints it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fleet.earning.advice import Advice, Option

_MOST_MINERS = 100_000
#: field of an option → its name in JSON
_FIGURES = {
    "income": "nnet_a_day",
    "change": "change_nnet_a_day",
    "error": "error_nnet_a_day",
    "core_hours": "core_hours_a_day",
    "per_job": "nnet_a_job",
}


def stated(advice: Advice) -> dict[str, Any]:
    """The figures for JSON; null stands for what was not measured."""
    return {
        "advice": advice.sentence,
        "clear": advice.clear,
        "now": _stated(advice.now),
        "best": _stated(advice.best),
        "others": [_stated(one) for one in advice.others],
        "unknown": list(advice.unknown),
    }


def read_advice(value: Mapping[str, Any]) -> Advice:
    """The advice that `stated` wrote. Raises ValueError if it is anything else."""
    try:
        return Advice(
            now=_read(value["now"]),
            best=_read(value["best"]),
            others=tuple(_read(one) for one in value["others"]),
            unknown=tuple(f"{text}" for text in value["unknown"]),
        )
    except (KeyError, TypeError) as exc:
        raise ValueError(f"{value!r:.80} is not advice") from exc


def _stated(one: Option) -> dict[str, Any]:
    figures = {name: getattr(one, field) for field, name in _FIGURES.items()}
    short = {name: None if value is None else float(f"{value:.6g}") for name, value in figures.items()}
    return {"what": one.what, "miners": one.miners, **short}


def _read(value: Mapping[str, Any]) -> Option:
    figures = {
        field: _number(value[name] if field != "per_job" else value.get(name)) for field, name in _FIGURES.items()
    }
    return Option(what=f"{value['what']}", miners=_count(value["miners"]), **figures)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MOST_MINERS:
        raise ValueError(f"{value!r:.40} is not a number of miners")
    return value


def _number(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r:.40} is not a finite number")
    return float(value)
