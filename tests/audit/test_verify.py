"""The walk over trails that nobody touched, and over files that are none."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from firewall.audit.store import AuditLog
from firewall.audit.verify import Fault, Verification, verify
from firewall.errors import ConfigurationError
from tests.audit.trails import KEY, fill, make_entry

COUNT = 12


def faults(result: Verification) -> list[tuple[Fault, int, int]]:
    """Return what was found as plain values."""
    return [(problem.fault, problem.sequence, problem.last) for problem in result.problems]


class TestWhole:
    """Trails that nobody touched."""

    def test_a_trail_holds(self, original: Path) -> None:
        """Every record is walked, the head is signed, nothing is found."""
        result = verify(original, KEY)
        assert (result.ok, result.records, result.sequence, result.signed) == (True, COUNT, COUNT, True)

    def test_an_empty_trail_holds(self, tmp_path: Path) -> None:
        """A trail that was opened and never written verifies."""
        fill(tmp_path / "a.db", 0)
        assert verify(tmp_path / "a.db", KEY).ok

    def test_without_the_key_the_chain_is_checked(self, original: Path) -> None:
        """Without a key the result is whole but not signed."""
        result = verify(original, None)
        assert (result.ok, result.signed) == (True, False)

    def test_with_another_key_the_head_does_not_hold(self, original: Path) -> None:
        """Another key is told apart from the right one."""
        assert faults(verify(original, b"x" * 32)) == [(Fault.HEAD, 0, 0)]

    def test_progress_reaches_the_end(self, original: Path) -> None:
        """The last call of the callback says that all records were walked."""
        seen: list[tuple[int, int]] = []
        verify(original, KEY, lambda done, total: seen.append((done, total)))
        assert seen[-1] == (COUNT, COUNT)

    def test_it_works_while_the_log_writes(self, tmp_path: Path) -> None:
        """A trail in use, its last records still in the write-ahead log, verifies again and again."""

        async def run() -> list[Verification]:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            writing = asyncio.gather(*(log.append(make_entry(number)) for number in range(300)))
            results = [await asyncio.to_thread(verify, tmp_path / "a.db", KEY) for _ in range(5)]
            await writing
            results.append(await asyncio.to_thread(verify, tmp_path / "a.db", KEY))
            await log.close()
            return results

        results = asyncio.run(run())
        assert [result.problems for result in results] == [()] * 6
        assert results[-1].records == 300

    def test_a_read_only_medium_can_be_verified(self, original: Path, tmp_path: Path) -> None:
        """A trail in a folder that cannot be written to is opened as it is, and left without new files."""
        folder = tmp_path / "archive"
        folder.mkdir()
        shutil.copy(original, folder / "a.db")
        (folder / "a.db").chmod(0o400)
        folder.chmod(0o500)
        assert verify(folder / "a.db", KEY).ok
        folder.chmod(0o700)

    def test_what_is_no_trail_is_refused(self, tmp_path: Path) -> None:
        """A missing file, a text file and another database are configuration errors."""
        (tmp_path / "text.db").write_text("not a database" * 100)
        sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (a)").connection.close()
        (tmp_path / "busy.db").write_text("not a database" * 100)
        (tmp_path / "busy.db-wal").write_text("a log")
        for name in ("none.db", "text.db", "other.db", "busy.db"):
            with pytest.raises(ConfigurationError, match="audit database"):
                verify(tmp_path / name, KEY)
