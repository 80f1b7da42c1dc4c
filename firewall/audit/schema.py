"""The tables of the trail, and the ways to open them: SQLite through SQLAlchemy core.

Tables are declared once, without SQLite's own types, so that another engine needs its own triggers and pragmas only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    Select,
    String,
    Table,
    create_engine,
    event,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from firewall.errors import ConfigurationError

VERSION = 1

metadata = MetaData()

records = Table(
    "records",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("audit_id", String, nullable=False),
    Column("time", String, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # Not unique: one identifier given twice must not stop the records of everybody who shares the transaction.
    Index("records_audit_id", "audit_id"),
)

heads = Table(
    "head",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)


def _as_stored(table: Table) -> Select[Any]:
    """Select a table without SQLAlchemy's conversions: a check must see what is stored, whatever its type."""
    columns: list[ColumnElement[Any]] = [literal_column(column.name) for column in table.columns]
    statement: Select[Any] = select(*columns)
    return statement.select_from(table)


AS_STORED = _as_stored(records)
STORED_HEAD = _as_stored(heads)

# They stop mistakes and honest tools, not an attacker with the file: what they cannot stop, the chain shows.
TRIGGERS = {
    "records_no_update": "CREATE TRIGGER records_no_update BEFORE UPDATE ON records "
    "BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END",
    "records_no_delete": "CREATE TRIGGER records_no_delete BEFORE DELETE ON records "
    "BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END",
    "head_no_delete": "CREATE TRIGGER head_no_delete BEFORE DELETE ON head "
    "BEGIN SELECT RAISE(ABORT, 'the audit head is kept'); END",
}


def missing_triggers(connection: Connection) -> list[str]:
    """Return the names of the append-only triggers that are gone or changed."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    found = {row.name: row.sql for row in rows}
    return [name for name, sql in TRIGGERS.items() if found.get(name) != sql]


def writing_engine(database: Path, busy_timeout_ms: int) -> Engine:
    """Return the engine of the one writer: WAL, every commit synced, transactions opened by hand."""
    engine = create_engine(f"sqlite:///{database}", poolclass=NullPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms:d}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine


@contextmanager
def reading(database: Path) -> Iterator[Connection]:
    """Open the trail read-only, in one snapshot, also while the service writes to it.

    A trail on a read-only medium is opened as immutable, provided that no write-ahead log waits beside it.
    Raises ConfigurationError when there is no such file or it is not an audit database.
    """
    if not database.is_file():
        raise ConfigurationError(f"There is no audit database at {database}.")
    try:
        connection = _snapshot(database, "mode=ro")
    except DatabaseError:
        log = database.with_name(f"{database.name}-wal")
        if log.exists() and log.stat().st_size:
            raise ConfigurationError(f"The audit database {database} cannot be opened.") from None
        try:
            connection = _snapshot(database, "mode=ro&immutable=1")
        except DatabaseError:
            raise ConfigurationError(f"{database} is not an audit database.") from None
    try:
        yield connection
    finally:
        connection.close()
        connection.engine.dispose()


def _snapshot(database: Path, mode: str) -> Connection:
    where = quote(str(database.absolute()))
    engine = create_engine(f"sqlite:///file:{where}?{mode}&uri=true", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout = 2000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    connection = engine.connect()
    try:
        connection.execute(text("SELECT max(sequence) FROM records"))
    except DatabaseError:
        connection.close()
        raise
    return connection
