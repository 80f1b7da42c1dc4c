"""Reading the trail back: the last records, one record, a period."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firewall.audit.read import export, show, tail
from firewall.audit.record import dump
from firewall.audit.store import AuditLog
from firewall.errors import ConfigurationError
from tests.audit.trails import KEY, fill, make_entry, tamper


class TestRead:
    """Records as plain dictionaries."""

    def test_tail_gives_the_last_oldest_first(self, original: Path) -> None:
        """The last three of twelve, in order; more than there are gives all; none gives none."""
        assert [record["sequence"] for record in tail(original, 3)] == [10, 11, 12]
        assert len(tail(original, 100)) == 12
        assert tail(original, 0) == []

    def test_show_finds_one_record(self, original: Path) -> None:
        """A record is found by its identifier; an unknown identifier gives None."""
        last = tail(original, 1)[0]
        assert show(original, last["audit_id"]) == last
        assert show(original, "none") is None

    def test_an_export_can_be_checked_by_itself(self, original: Path) -> None:
        """From the exported dictionaries alone every hash of the chain can be computed again."""
        previous = hashlib.sha256(b"agent-tool-firewall/audit-chain/v1").hexdigest()
        records = list(export(original))
        assert len(records) == 12
        for record in records:
            chain = {name: record.pop(name) for name in ("sequence", "previous_hash", "hash")}
            stored = dump({"entry": record, "sequence": chain["sequence"]})
            assert chain["previous_hash"] == previous
            previous = hashlib.sha256(bytes.fromhex(previous) + stored).hexdigest()
            assert chain["hash"] == previous

    def test_a_period_has_its_first_moment_and_not_its_last(self, tmp_path: Path) -> None:
        """`since` is included, `until` is not, in whatever zone they are given."""
        noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
        times = [noon + timedelta(hours=hour) for hour in range(4)]

        async def run() -> None:
            log = AuditLog.open(tmp_path / "a.db", KEY)
            for moment in times:
                await log.append(replace(make_entry(), time=moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")))
            await log.close()

        asyncio.run(run())
        eastern = times[1].astimezone(datetime.strptime("-0500", "%z").tzinfo)
        found = [record["sequence"] for record in export(tmp_path / "a.db", since=eastern, until=times[3])]
        assert found == [2, 3]

    def test_a_moment_without_a_zone_is_refused(self, original: Path) -> None:
        """A naive moment is an error before anything is read."""
        with pytest.raises(ValueError, match="time zone"):
            export(original, since=datetime(2026, 1, 1))

    def test_missing_and_damaged_trails_are_told(self, tmp_path: Path, copy: Callable[[], Path]) -> None:
        """No file, and a record that is no JSON, are configuration errors that quote nothing of the record."""
        with pytest.raises(ConfigurationError, match="no audit database"):
            tail(tmp_path / "none.db", 1)
        database = copy()
        tamper(database, "UPDATE records SET record = X'536563726574' WHERE sequence = 12")
        with pytest.raises(ConfigurationError, match="Record 12") as caught:
            tail(database, 1)
        assert "Secret" not in str(caught.value)

    def test_a_damaged_file_ends_an_export(self, tmp_path: Path) -> None:
        """Overwritten pages end an export with a configuration error, after the records that could be read."""
        database = tmp_path / "a.db"
        fill(database, 600)
        data = bytearray(database.read_bytes())
        place = len(data) * 3 // 4 // 4096 * 4096
        data[place : place + 8192] = b"\xa5" * 8192
        database.write_bytes(data)
        records = export(database)
        assert [next(records)["sequence"] for _ in range(256)] == list(range(1, 257))
        with pytest.raises(ConfigurationError, match="damaged"):
            list(records)
