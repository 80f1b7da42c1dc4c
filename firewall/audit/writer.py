"""The one writer of a trail: many entries in, one transaction, one sync to the disk. Synchronous; knows no queue.

It trusts nothing that it did not just check: the file must be the one it opened, the stored head must be the one it
wrote, and after any failure the trail is opened anew and compared with what was acknowledged before.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, insert, inspect, literal_column, select, text, update
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError

from firewall.audit.chain import Head, HeadSigner, record_hash
from firewall.audit.fingerprint import sync_folder
from firewall.audit.schema import TRIGGERS, VERSION, heads, metadata, missing_triggers, records, writing_engine
from firewall.errors import AuditUnavailableError, ConfigurationError

_DIALECT: Any = sqlite_dialect.dialect(paramstyle="qmark")
# Compiled once: rendering a statement for each commit would cost more than the commit's own work.
_INSERT = str(insert(records).compile(dialect=_DIALECT))
_MOVE_HEAD = str(
    update(heads)
    .where(heads.c.id == literal_column("1"), heads.c.sequence == bindparam("before"))
    .values(sequence=bindparam("to"), hash=bindparam("with_hash"), signature=bindparam("signed"))
    .compile(dialect=_DIALECT)
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A canonical entry, ready to be numbered."""

    audit_id: str
    time: str
    entry: bytes


@dataclass(frozen=True, slots=True)
class AppendedRecord:
    """Where a durable record stands: its number from 1, and its hash in hex."""

    sequence: int
    hash: str


class ChainWriter:
    """Appends to one trail, alone: a lock on `<database>.lock` is held from `open` to `close`."""

    def __init__(self, database: Path, key: bytes, *, busy_timeout_ms: int = 1000) -> None:
        """Name the trail and the audit key; `busy_timeout_ms` bounds the wait for another connection's lock."""
        self._database = database
        self._signer = HeadSigner(key)
        self._engine = writing_engine(database, busy_timeout_ms)
        self._lock: int | None = None
        self._pooled: Any = None
        self._connection: sqlite3.Connection | None = None
        self._files: tuple[tuple[int, int], ...] = ()
        self._head: Head | None = None  # the last head known to be durable; None before the first open

    def open(self) -> None:
        """Take the lock, create the trail where there is none, and check that head and last record agree.

        Raises ConfigurationError when another process writes this trail, or when the trail is not intact.
        """
        try:
            self._database.parent.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._connect()
        except ConfigurationError:
            self.close()
            raise
        except Exception as error:  # noqa: BLE001 - a damaged trail fails in many ways; all of them refuse the start
            self.close()
            raise ConfigurationError(
                f"The audit database {self._database} cannot be opened ({_cause(error)})."
            ) from None

    def append(self, batch: Sequence[Prepared]) -> list[AppendedRecord]:
        """Write the entries as the next records, all or none, and return once they are durable.

        Raises AuditUnavailableError when that fails for any reason; the next call opens the trail anew.
        """
        try:
            return self._commit(self._connection or self._connect(), batch)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the callers must hear that nothing was kept
            self._disconnect()
            raise AuditUnavailableError(f"The audit record could not be written ({_cause(error)}).") from None

    def close(self) -> None:
        """Close the trail and give the lock back. May be called twice."""
        self._disconnect()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _commit(self, connection: sqlite3.Connection, batch: Sequence[Prepared]) -> list[AppendedRecord]:
        if self._identify() != self._files:
            raise ConfigurationError(f"The files of the audit database {self._database} were replaced.")
        before = head = self._known()
        rows = []
        for prepared in batch:
            after, record = head.follow(prepared.entry)
            rows.append((after.sequence, prepared.audit_id, prepared.time, record, head.hash, after.hash))
            head = after
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_INSERT, rows)
        moved = connection.execute(_MOVE_HEAD, (head.sequence, head.hash, self._signer.sign(head), before.sequence))
        if moved.rowcount != 1:
            raise ConfigurationError(f"The head of the audit database {self._database} was changed.")
        connection.execute("COMMIT")
        self._head = head
        return [AppendedRecord(row[0], row[5].hex()) for row in rows]

    def _known(self) -> Head:
        return self._head if self._head is not None else Head()

    def _take_lock(self) -> None:
        path = self._database.with_name(f"{self._database.name}.lock")
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"Another process writes the audit database {self._database}; one process writes one database."
            ) from None

    def _connect(self) -> sqlite3.Connection:
        """Open the trail; the second time it must be the same trail, no shorter than before."""
        if self._head is None and not self._database.exists():
            # Made here so that the trail, and the log and index that copy its mode, are nobody else's to read.
            os.close(os.open(self._database, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        elif not self._database.exists():
            raise ConfigurationError(f"The audit database {self._database} is gone.")
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if self._head is None and not inspect(connection).get_table_names():
                metadata.create_all(connection)
                for trigger in TRIGGERS.values():
                    connection.execute(text(trigger))
                empty = Head()
                connection.execute(
                    insert(heads).values(id=1, sequence=0, hash=empty.hash, signature=self._signer.sign(empty))
                )
                connection.exec_driver_sql(f"PRAGMA user_version = {VERSION:d}")
            head = self._checked_head(connection)
            connection.exec_driver_sql("COMMIT")
        sync_folder(self._database.parent)
        self._pooled = self._engine.raw_connection()
        opened: sqlite3.Connection = self._pooled.driver_connection
        opened.execute("SELECT sequence FROM head").fetchall()  # makes the log file exist
        self._files = self._identify()
        self._head, self._connection = head, opened
        return opened

    def _checked_head(self, connection: Any) -> Head:
        """Return the stored head if it is signed, is the last record's, and continues what was acknowledged."""
        where = f"The audit database {self._database}"
        if connection.exec_driver_sql("PRAGMA user_version").scalar() != VERSION:
            raise ConfigurationError(f"{where} has a layout that this version does not know.")
        if missing := missing_triggers(connection):
            raise ConfigurationError(f"{where} has lost its append-only trigger {missing[0]}.")
        row = connection.execute(select(heads.c.sequence, heads.c.hash, heads.c.signature)).one_or_none()
        if row is None:
            raise ConfigurationError(f"{where} has lost its head.")
        head = Head(row.sequence, row.hash)
        if not self._signer.holds(head, row.signature):
            raise ConfigurationError(f"{where} has a head that is not signed with this audit key.")
        last = connection.execute(select(records).order_by(records.c.sequence.desc()).limit(1)).one_or_none()
        found = Head() if last is None else Head(last.sequence, record_hash(last.previous_hash, last.record))
        if found != head:
            raise ConfigurationError(f"{where} ends at record {found.sequence}, its head says {head.sequence}.")
        known = self._known()
        if known.sequence:
            mine = select(func.count()).where(records.c.sequence == known.sequence, records.c.hash == known.hash)
            if connection.execute(mine).scalar() != 1:
                raise ConfigurationError(f"{where} has lost records that were acknowledged.")
        return head

    def _identify(self) -> tuple[tuple[int, int], ...]:
        """Return which files stand under the trail's names: a trail moved away would swallow records unseen."""
        found = []
        for suffix in ("", "-wal"):
            facts = self._database.with_name(f"{self._database.name}{suffix}").stat()
            found.append((facts.st_dev, facts.st_ino))
        return tuple(found)

    def _disconnect(self) -> None:
        pooled, self._pooled, self._connection = self._pooled, None, None
        if pooled is not None:
            with suppress(Exception):  # a connection that failed may fail again at closing; it is given up anyway
                pooled.driver_connection.rollback()
            with suppress(Exception):
                pooled.close()


def _cause(error: BaseException) -> str:
    """Name a failure without quoting it: our own sentence, SQLite's code, or the kind of error."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, ConfigurationError):
        return error.detail.rstrip(".")
    if isinstance(error, sqlite3.Error):
        return str(getattr(error, "sqlite_errorname", type(error).__name__))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
