"""What a report for an issue holds: findings, status, settings, versions, the ledger's check, the ends of the logs."""

from __future__ import annotations

import os
import platform
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from config.load import MASK, Origin, Reading
from config.settings import Settings
from fleet.doctor.diagnosis import Diagnosis
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.errors import LedgerError
from fleet.exact_json import dump
from fleet.ledger.migrations.run import ProgressShown, unseen
from fleet.ledger.miner_names import stored_names
from fleet.ledger.proof.heads import kept_heads
from fleet.ledger.reports.export import count
from fleet.ledger.reports.rows_seen import RowsSeen
from fleet.ledger.reports.sqlite_reader import sqlite_version
from fleet.ledger.reports.verify import ServerVerdict, verify
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import farm_dir, heads_file, ledger_to_read
from fleet.status.standing import standing, status_folder
from tasks.host.hardware import detect
from tasks.wire_versions import WIRE_VERSION

#: packages whose versions tell most about a fault
_PACKAGES = (
    "neonet-fleet",
    "celery",
    "kombu",
    "redis",
    "flower",
    "numpy",
    "requests",
    "urllib3",
    "pycurl",
    "pydantic",
    "SQLAlchemy",
    "tornado",
)
#: settings that name miners
_IDS = ("id", "miner_prefix")
_LOG_BYTES = 128 * 1024
_FILES = ("miner-ids*", "miner-prefix")


def stored_ids(settings: Settings) -> dict[str, str]:
    """Miner id → name, of all miners that the ledger or a file of this farm knows. Empty where neither can be read."""
    names: dict[str, str] = {}
    for folder in {settings.state_dir, farm_dir(settings)}:
        for pattern in _FILES:
            for file in folder.glob(pattern):
                names |= {one.lower(): f"a miner of {file.name}" for one in _text(file).split()}
    try:
        names |= stored_names(open_engine(ledger_to_read(settings).url, read_only=True))
    except LedgerError:
        return names
    return names


def parts(
    reading: Reading, diagnoses: Sequence[Diagnosis], shown: ProgressShown = unseen
) -> dict[str, Callable[[], str]]:
    """File name → what makes its text. Making it may raise FleetError or OSError.

    `shown` gets how far the check of the ledger is, which takes longest.
    """
    settings = reading.settings
    logs = {f"logs/{folder}/{file.name}": _end_of(file) for folder, file in _logs(settings)}
    return {
        "doctor.json": lambda: dump({"checks": [asdict(one) | {"grade": one.grade.value} for one in diagnoses]}),
        "status.json": lambda: _status(settings),
        "config.json": lambda: dump({"settings": [_origin(one) for one in reading.origins]}),
        "versions.json": lambda: dump(versions()),
        "ledger.json": lambda: _ledger(settings, shown),
        **logs,
    }


def versions() -> dict[str, object]:
    """Releases of this program, its packages and this system."""
    hardware = detect()
    return {
        "wire": WIRE_VERSION,
        "packages": {name: _version(name) for name in _PACKAGES},
        "python": sys.version,
        "openssl": ssl.OPENSSL_VERSION,
        "sqlite": ".".join(map(str, sqlite_version())),
        "system": platform.platform(),
        "cores": hardware.cpu_cores,
        "memory_mb": hardware.memory_mb,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _status(settings: Settings) -> str:
    place, calendar = ledger_to_read(settings), Calendar(settings.time_zone)
    found = standing(status_folder(settings), place, wall_ms(), calendar)
    return dump({"coordinator": found.coordinator, "age_s": found.age_s, "figures": found.figures})


def _origin(one: Origin) -> dict[str, object]:
    value = one.value
    if one.name in _IDS and value:
        value = MASK
    elif one.name == "miner" and isinstance(value, list):
        value = [{**table, "id": MASK} for table in value]
    return {"name": one.name, "value": value, "source": one.source}


def _ledger(settings: Settings, shown: ProgressShown) -> str:
    place = ledger_to_read(settings)
    engine = open_engine(place.url, read_only=True)
    seen = RowsSeen("checking the ledger", count(engine), shown)
    verdicts = verify(engine, None, kept_heads(heads_file(settings, place)), seen)
    return dump({"servers": [_verdict(one) for one in verdicts]})


def _verdict(one: ServerVerdict) -> dict[str, object]:
    flaw = one.verdict.flaw
    return {
        "server": one.server,
        "right": one.right,
        "entries": one.verdict.entries,
        "booked_nnet": one.booked,
        "first_wrong_entry": None if flaw is None else {"entry": flaw.seq, "problem": flaw.problem},
        "problems": list(one.problems),
    }


def _logs(settings: Settings) -> Iterator[tuple[str, Path]]:
    for folder in sorted({settings.state_dir, farm_dir(settings)}):
        for run in ("run", "run.before"):
            for file in sorted((folder / run).glob("*.log")):
                yield (f"{folder.name}-{run}" if folder != settings.state_dir else run), file


def _end_of(file: Path) -> Callable[[], str]:
    return lambda: _text(file, _LOG_BYTES)


def _text(file: Path, last_bytes: int | None = None) -> str:
    """The text of a file, or its last lines; empty where it can't be read."""
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            cut = last_bytes is not None and size > last_bytes
            if cut and last_bytes is not None:
                stream.seek(size - last_bytes)
            text = stream.read(last_bytes if last_bytes is not None else -1).decode(errors="replace")
    except OSError:
        return ""
    # a line that is cut at its beginning may hold a part of a secret, which nobody would recognize
    return text.partition("\n")[2] if cut else text
