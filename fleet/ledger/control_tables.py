"""The tables of pauses and drains, and of the log of their changes. Times are UTC milliseconds."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, String, Table, Text

from fleet.ledger.schema import Moment, metadata

#: pauses and drains in force; times of `fleet.control.control.Control`
controls = Table(
    "controls",
    metadata,
    #: empty in a file of its own; else the account of the farm's first server, since farms may share a database
    Column("farm", String, primary_key=True),
    #: values of `fleet.control.control.TargetKind` and `Source`
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("source", String, primary_key=True),
    #: a value of `fleet.control.control.Action`
    Column("action", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("stop_after_s", Float),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: every change of them, every retry, and changes of settings and tokens; rows are only added
control_log = Table(
    "control_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("farm", String, nullable=False),
    Column("at", Moment, nullable=False),
    #: a value of `fleet.control.control.ControlChange`
    Column("change", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("source", String, nullable=False),
    Column("until", Moment),
    Column("stop_after_s", Float),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
