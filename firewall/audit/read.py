"""Read the trail: the last records, one record, or all of a period, as plain dictionaries.

A record is its canonical entry with `sequence`, `previous_hash` and `hash` (hex) beside it. Taking these three out
again and writing `{"entry":...,"sequence":...}` canonically gives the hashed bytes, so an export can be checked too.
Reading does not verify; `verify` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.exc import DatabaseError

from firewall.audit.record import rfc3339
from firewall.audit.schema import AS_STORED, reading, records
from firewall.errors import ConfigurationError

_PAGE = 256  # records fetched at a time


def tail(database: Path, n: int) -> list[dict[str, Any]]:
    """Return the last `n` records, oldest first."""
    statement = AS_STORED.order_by(records.c.sequence.desc()).limit(max(n, 0))
    with reading(database) as connection:
        return [_plain(row) for row in reversed(connection.execute(statement).all())]


def show(database: Path, audit_id: str) -> dict[str, Any] | None:
    """Return the record with this identifier, or None."""
    statement = AS_STORED.where(records.c.audit_id == audit_id).order_by(records.c.sequence).limit(1)
    with reading(database) as connection:
        row = connection.execute(statement).one_or_none()
        return None if row is None else _plain(row)


def export(database: Path, since: datetime | None = None, until: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Yield the records in the order they were written, `since` included and `until` not, in constant memory.

    Both moments must be aware (ValueError). Raises ConfigurationError where the database cannot be read.
    """
    statement = AS_STORED.order_by(records.c.sequence)
    for moment in (since, until):
        if moment is not None and moment.tzinfo is None:
            raise ValueError("a moment without a time zone names no place in the trail")
    if since is not None:
        statement = statement.where(records.c.time >= rfc3339(since))
    if until is not None:
        statement = statement.where(records.c.time < rfc3339(until))
    return _rows(database, statement.execution_options(yield_per=_PAGE))


def _rows(database: Path, statement: Select[Any]) -> Iterator[dict[str, Any]]:
    with reading(database) as connection:
        try:
            for row in connection.execute(statement):
                yield _plain(row)
        except DatabaseError:
            raise ConfigurationError(f"The audit database {database} is damaged; verify names the place.") from None


def _plain(row: Row[Any]) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(row.record)["entry"]
        return entry | {
            "sequence": row.sequence,
            "previous_hash": row.previous_hash.hex(),
            "hash": row.hash.hex(),
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"Record {row.sequence} of the audit database cannot be read; verify it.") from None
