"""Creates the tables of a new ledger."""

from __future__ import annotations

from sqlalchemy import Connection

from fleet.ledger.control_tables import control_log, controls
from fleet.ledger.host_records import host_records
from fleet.ledger.kept_work import kept_work
from fleet.ledger.schema import metadata
from fleet.ledger.session_requests import session_requests

#: tables that are defined outside of `fleet.ledger.schema`, and that belong to its metadata once they are imported
OTHERS = (controls, control_log, host_records, kept_work, session_requests)


def create(connection: Connection) -> None:
    """Create all tables of a ledger."""
    metadata.create_all(connection)
