"""The writer: what an opened trail must be, one writer, and what is refused."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from firewall.audit.read import tail
from firewall.audit.store import AppendedRecord, AuditLog
from firewall.audit.verify import verify
from firewall.audit.writer import ChainWriter, Prepared
from firewall.errors import AuditUnavailableError, ConfigurationError
from tests.audit.trails import KEY, fill, tamper

ROOT = Path(__file__).parents[2]


class TestOpen:
    """What a trail must be to be continued."""

    def test_a_trail_is_continued(self, tmp_path: Path) -> None:
        """A closed trail goes on where it stopped."""
        fill(tmp_path / "a.db", 3)
        fill(tmp_path / "a.db", 2)
        assert verify(tmp_path / "a.db", KEY).records == 5

    def test_nobody_else_may_read_it(self, tmp_path: Path) -> None:
        """The trail and all files beside it are their owner's alone."""
        writer = ChainWriter(tmp_path / "a.db", KEY)
        writer.open()
        writer.append([Prepared("id", "time", b"{}")])
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        writer.close()
        assert files == dict.fromkeys(("a.db", "a.db-wal", "a.db-shm", "a.db.lock"), 0o600)

    def test_one_process_writes_one_database(self, tmp_path: Path) -> None:
        """A second writer is refused while the first is open, and welcome when it has closed."""
        database = tmp_path / "a.db"
        first = ChainWriter(database, KEY)
        first.open()
        with pytest.raises(ConfigurationError, match="Another process"):
            ChainWriter(database, KEY).open()
        first.close()
        second = ChainWriter(database, KEY)
        second.open()
        second.close()

    @pytest.mark.parametrize(
        ("statement", "message"),
        [
            ("DELETE FROM records WHERE sequence = 12", "ends at record 11, its head says 12"),
            ("UPDATE records SET record = X'00' WHERE sequence = 12", "ends at record 12"),
            ("UPDATE records SET record = 'text' WHERE sequence = 12", "cannot be opened"),
            ("UPDATE head SET signature = X'00'", "not signed"),
            ("UPDATE head SET sequence = -1", "cannot be opened"),
            ("DELETE FROM head", "lost its head"),
            ("PRAGMA user_version = 9", "layout"),
        ],
    )
    def test_a_trail_that_is_not_whole_is_refused(self, copy: Callable[[], Path], statement: str, message: str) -> None:
        """Head and last record must agree; each disagreement is named and the lock is given back."""
        database = copy()
        tamper(database, statement)
        for _ in range(2):
            with pytest.raises(ConfigurationError, match=message):
                AuditLog.open(database, KEY)

    def test_a_lost_guard_is_refused(self, copy: Callable[[], Path]) -> None:
        """A trail without one of its triggers is not continued: somebody was at it."""
        database = copy()
        connection = sqlite3.connect(database)
        connection.execute("DROP TRIGGER records_no_delete")
        connection.close()
        with pytest.raises(ConfigurationError, match="records_no_delete"):
            AuditLog.open(database, KEY)

    def test_another_key_is_refused(self, original: Path) -> None:
        """A trail is not continued under another key."""
        with pytest.raises(ConfigurationError, match="not signed with this audit key"):
            AuditLog.open(original, b"x" * 32)

    def test_what_is_no_database_is_refused(self, tmp_path: Path) -> None:
        """A text file and an impossible folder are configuration errors."""
        (tmp_path / "text.db").write_text("not a database" * 100)
        for path in (tmp_path / "text.db", tmp_path / "text.db" / "a.db"):
            with pytest.raises(ConfigurationError, match="cannot be opened"):
                AuditLog.open(path, KEY)

    @pytest.mark.parametrize("statement", ["UPDATE records SET time = ''", "DELETE FROM records", "DELETE FROM head"])
    def test_records_are_append_only(self, copy: Callable[[], Path], statement: str) -> None:
        """An ordinary connection cannot change or delete a record, nor delete the head."""
        connection = sqlite3.connect(copy())
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|kept"):
            connection.execute(statement)
        connection.close()


class TestRefusal:
    """A write that SQLite refuses."""

    def test_a_database_turned_read_only_refuses_and_recovers(self, tmp_path: Path) -> None:
        """A write that SQLite refuses as read-only is told by its code; the next call opens the trail anew."""
        writer = ChainWriter(tmp_path / "a.db", KEY)
        writer.open()
        entry = Prepared("id", "time", b"{}")
        assert writer._connection is not None
        writer._connection.execute("PRAGMA query_only = ON")  # what a remounted disk answers, also to root
        with pytest.raises(AuditUnavailableError, match="SQLITE_READONLY"):
            writer.append([entry])
        assert writer.append([entry]) == [AppendedRecord(1, tail_hash(tmp_path / "a.db"))]
        writer.close()


def tail_hash(database: Path) -> str:
    """Return the hash of the last record, in hex."""
    return str(tail(database, 1)[0]["hash"])
