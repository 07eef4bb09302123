"""Plots of a run: `python -m bench.plots RESULTS FOLDER` writes growth.svg, peers.svg and income.svg.

Runs in `.venv/peers`, where matplotlib is installed. income.svg needs the income.json beside the results.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

Rows = dict[str, dict[str, Any]]

_INK, _OURS, _OTHER = "#333333", "#1f6f8b", "#c9a227"


def main() -> None:
    """Draw all plots for which there are rows."""
    results, folder = Path(sys.argv[1]), Path(sys.argv[2])
    rows: Rows = {row["name"]: row for row in json.loads(results.read_text(encoding="utf-8"))["rows"]}
    # makes the output reproducible byte for byte
    mpl.rcParams.update({"svg.hashsalt": "neonet-fleet", "font.family": "sans-serif", "text.color": _INK})
    folder.mkdir(parents=True, exist_ok=True)
    if any(row["part"] == "growth" for row in rows.values()):
        _growth(rows, folder / "growth.svg")
    if any(row["part"] == "peers" for row in rows.values()):
        _peers(rows, folder / "peers.svg")
    curves = results.parent / "income.json"
    if any(row["part"] == "income" for row in rows.values()) and curves.exists():
        _income(json.loads(curves.read_text(encoding="utf-8")), folder / "income.svg")


def _growth(rows: Rows, path: Path) -> None:
    """Pace and CPU per job, by miners and by worker processes."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 5.5), sharey="row", layout="constrained")
    for column, ending in enumerate(("miners", "worker processes")):
        names = [name.partition(":")[0] for name in rows if name.endswith(f"{ending}: pace")]
        at = range(len(names))
        axes[0][column].plot(at, _values(rows, names, "pace"), "o-", color=_OURS)
        whole, ours = (
            _values(rows, names, words) for words in ("CPU without the simulator's", "of it the coordinator")
        )
        axes[1][column].plot(at, whole, "o-", color=_OURS, label="coordinator, workers and Redis")
        axes[1][column].plot(at, ours, "o--", color=_OTHER, label="the coordinator alone")
        axes[1][column].set_xlabel(ending)
        for axis in (axes[0][column], axes[1][column]):
            axis.set_xticks(at, [name.partition(" ")[0] for name in names])
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("jobs accepted a second")
    axes[1][0].set_ylabel("CPU, ms a job")
    axes[1][0].legend(frameon=False)
    _save(figure, path)


def _values(rows: Rows, names: list[str], words: str) -> list[float]:
    return [rows[f"{name}: {words}"]["value"] for name in names]


def _peers(rows: Rows, path: Path) -> None:
    """Jobs per second and round-trip time by queue."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.6), sharey=True, layout="constrained")
    for axis, ending, label in (
        (axes[0], "200 in flight", "light jobs a second, 200 in flight"),
        (axes[1], "there and back, one in flight", "ms there and back, one in flight (median)"),
    ):
        chosen = [row for name, row in rows.items() if row["part"] == "peers" and name.endswith(ending)]
        names = [row["name"].partition(":")[0] for row in chosen]
        colors = [_OURS if "fleet" in name else _OTHER for name in names]
        bars = axis.barh(names, [row["value"] for row in chosen], color=colors)
        axis.bar_label(bars, fmt="%.3g" if "ms" in label else "%.0f", padding=3)
        axis.set_xlabel(label)
        axis.margins(x=0.15)
        axis.invert_yaxis()
    axes[1].invert_yaxis()
    _save(figure, path)


def _income(found: list[dict[str, Any]], path: Path) -> None:
    """Income by the number of miners, and the number that the farm itself chose, with a panel for each scene."""
    figure, axes = plt.subplots(-(-len(found) // 3), 3, figsize=(9, 2.4 * -(-len(found) // 3)), layout="constrained")
    for axis, scene in zip(axes.flat, found, strict=False):
        numbers = sorted(map(int, scene["fixed"]))
        incomes = [scene["fixed"][str(number)] for number in numbers]
        axis.plot(numbers, incomes, "o-", color=_OURS, markersize=3, label="a fixed number of miners")
        axis.plot([scene["chosen"]], [scene["auto"]], "D", color=_OTHER, label="auto")
        axis.set_title(scene["name"].replace(", ", ",\n", 1), fontsize=7)
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_formatter("{x:.0f}")
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(found) :]:
        axis.remove()
    for axis in axes[:, 0]:
        axis.set_ylabel("NNET a minute", fontsize=8)
    for axis in axes.flat[max(len(found) - 3, 0) : len(found)]:
        axis.set_xlabel("miners", fontsize=8)
    named = axes.flat[0].get_legend_handles_labels()
    figure.legend(*named, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    for axis in figure.axes:
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
