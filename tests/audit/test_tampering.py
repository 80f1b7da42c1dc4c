"""Whatever an attacker with the file, but without the key, did to a trail is found and numbered."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firewall.audit.store import AuditLog
from firewall.audit.verify import Fault, Verification, verify
from tests.audit.trails import KEY, fill, make_entry, tamper

COUNT = 12
Copy = Callable[[], Path]
numbers = st.integers(1, COUNT)
property_settings = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def faults(result: Verification) -> list[tuple[Fault, int, int]]:
    """Return what was found as plain values."""
    return [(problem.fault, problem.sequence, problem.last) for problem in result.problems]


def renumber_from(number: int, by: int) -> list[str]:
    """Return statements that move all later records by one number, without passing through taken numbers."""
    return [
        f"UPDATE records SET sequence = -(sequence + {by}) WHERE sequence > {number}",
        "UPDATE records SET sequence = -sequence WHERE sequence < 0",
    ]


class TestTampered:
    """Trails that an attacker with the file, but without the key, changed."""

    @property_settings
    @given(
        number=numbers,
        column=st.sampled_from(["record", "hash", "previous_hash", "audit_id", "time"]),
        place=st.integers(0, 10_000),
        flip=st.integers(1, 127),
    )
    def test_any_changed_byte_is_found(self, copy: Copy, number: int, column: str, place: int, flip: int) -> None:
        """One changed byte anywhere in a row names that row as changed, and no other row."""
        database = copy()
        connection = sqlite3.connect(database)
        value = connection.execute(f"SELECT {column} FROM records WHERE sequence = {number}").fetchone()[0]
        connection.close()
        data = bytearray(value.encode() if isinstance(value, str) else value)
        data[place % len(data)] ^= flip
        literal = f"X'{data.hex()}'" if isinstance(value, bytes) else f"CAST(X'{data.hex()}' AS TEXT)"
        tamper(database, f"UPDATE records SET {column} = {literal} WHERE sequence = {number}")
        assert faults(verify(database, KEY)) == [(Fault.CHANGED, number, number)]

    @property_settings
    @given(first=numbers, last=numbers)
    def test_deleted_records_are_named(self, copy: Copy, first: int, last: int) -> None:
        """A deleted run is missing by its numbers, or truncated when it was the tail."""
        first, last = sorted((first, last))
        database = copy()
        tamper(database, f"DELETE FROM records WHERE sequence BETWEEN {first} AND {last}")
        fault = Fault.TRUNCATED if last == COUNT else Fault.MISSING
        assert faults(verify(database, KEY)) == [(fault, first, last)]

    @property_settings
    @given(number=st.integers(1, COUNT - 1))
    def test_a_deletion_that_was_renumbered_is_named(self, copy: Copy, number: int) -> None:
        """Closing the gap in the numbers hides nothing: the missing number is named, once."""
        database = copy()
        tamper(database, f"DELETE FROM records WHERE sequence = {number}", *renumber_from(number, -1))
        assert faults(verify(database, KEY)) == [(Fault.MISSING, number, number)]

    @property_settings
    @given(pair=st.sets(numbers, min_size=2, max_size=2))
    def test_swapped_records_are_named(self, copy: Copy, pair: set[int]) -> None:
        """Of two whole records that changed places, both places are named and nothing else is."""
        one, two = sorted(pair)
        database = copy()
        tamper(
            database,
            f"UPDATE records SET sequence = -1 WHERE sequence = {one}",
            f"UPDATE records SET sequence = {one} WHERE sequence = {two}",
            f"UPDATE records SET sequence = {two} WHERE sequence = -1",
        )
        assert faults(verify(database, KEY)) == [(Fault.REORDERED, one, one), (Fault.REORDERED, two, two)]

    @property_settings
    @given(source=numbers, after=numbers)
    def test_inserted_copies_are_named(self, copy: Copy, source: int, after: int) -> None:
        """A copy of an earlier record that was pushed in between is named where it stands."""
        source, after = sorted((source, after))
        database = copy()
        tamper(
            database,
            *renumber_from(after, 1),
            f"INSERT INTO records SELECT {after + 1}, audit_id, time, record, previous_hash, hash "
            f"FROM records WHERE sequence = {source}",
        )
        assert faults(verify(database, KEY)) == [(Fault.DUPLICATED, after + 1, after + 1)]

    @property_settings
    @given(pair=st.sets(numbers, min_size=2, max_size=2))
    def test_a_record_written_over_by_another_is_named(self, copy: Copy, pair: set[int]) -> None:
        """A record replaced by an earlier one: the copy is named, and the number that is lost."""
        source, target = sorted(pair)
        database = copy()
        tamper(
            database,
            f"UPDATE records SET (audit_id, time, record, previous_hash, hash) = (SELECT audit_id, time, record, "
            f"previous_hash, hash FROM records WHERE sequence = {source}) WHERE sequence = {target}",
        )
        lost = Fault.TRUNCATED if target == COUNT else Fault.MISSING
        assert set(faults(verify(database, KEY))) == {(Fault.DUPLICATED, target, target), (lost, target, target)}

    @property_settings
    @given(number=numbers)
    def test_a_forged_record_with_its_own_hash_is_named(self, copy: Copy, number: int) -> None:
        """A record that was changed and hashed again is named by the one after it, or by the head."""
        database = copy()
        forge(database, number, number)
        assert faults(verify(database, KEY)) == [(Fault.CHANGED, number, number)]

    def test_a_wholly_recomputed_tail_fails_at_the_head(self, copy: Copy) -> None:
        """An attacker who hashes every later record anew, and the head too, cannot sign the head."""
        database = copy()
        digest = forge(database, 5, COUNT)
        assert not verify(database, None).ok
        tamper(database, f"UPDATE head SET hash = X'{digest.hex()}'")
        assert verify(database, None).ok  # what the key is for
        assert faults(verify(database, KEY)) == [(Fault.HEAD, 0, 0)]

    def test_a_tail_cut_off_with_its_head_moved_back_fails(self, copy: Copy) -> None:
        """Cutting the tail and pointing the head at the new last record needs the key."""
        database = copy()
        tamper(
            database,
            "DELETE FROM records WHERE sequence > 7",
            "UPDATE head SET (sequence, hash) = (SELECT sequence, hash FROM records WHERE sequence = 7)",
        )
        assert faults(verify(database, KEY)) == [(Fault.HEAD, 0, 0)]

    def test_records_added_behind_the_head_are_named(self, copy: Copy) -> None:
        """A record appended without moving the head is named."""
        database = copy()
        tamper(database, "UPDATE head SET sequence = 11, hash = (SELECT hash FROM records WHERE sequence = 11)")
        assert (Fault.HEAD, 12, 12) in faults(verify(database, KEY))

    @pytest.mark.parametrize("statement", ["DELETE FROM head", "UPDATE head SET hash = 'text'"])
    def test_a_lost_head_is_named(self, copy: Copy, statement: str) -> None:
        """A trail without a head does not hold, with or without the key."""
        database = copy()
        tamper(database, statement)
        assert (Fault.HEAD, 0, 0) in faults(verify(database, KEY))
        assert (Fault.HEAD, 0, 0) in faults(verify(database, None))

    def test_an_emptied_trail_is_named(self, copy: Copy) -> None:
        """Deleting every record leaves the head's word against it."""
        database = copy()
        tamper(database, "DELETE FROM records")
        assert faults(verify(database, KEY)) == [(Fault.TRUNCATED, 1, COUNT)]

    def test_dropped_triggers_are_named(self, copy: Copy) -> None:
        """A trail whose guards were taken away says so even when its records are whole."""
        database = copy()
        connection = sqlite3.connect(database)
        connection.execute("DROP TRIGGER records_no_update")
        connection.close()
        assert faults(verify(database, KEY)) == [(Fault.SCHEMA, 0, 0)]

    @pytest.mark.parametrize("value", ["'text'", "7", "NULL", "X''"])
    def test_values_of_another_type_are_changes(self, copy: Copy, value: str) -> None:
        """A table made anew without types, with something else than bytes in it, is walked to its end."""
        database = copy()
        tamper(
            database,
            "CREATE TABLE loose AS SELECT * FROM records",
            "DROP TABLE records",
            "ALTER TABLE loose RENAME TO records",
            f"UPDATE records SET record = {value} WHERE sequence = 4",
            "INSERT INTO records SELECT * FROM records WHERE sequence = 9",
        )
        found = faults(verify(database, KEY))
        assert found == [(Fault.CHANGED, 4, 4), (Fault.DUPLICATED, 9, 9)]

    def test_a_damaged_file_is_named(self, tmp_path: Path) -> None:
        """Overwritten pages end the walk with the number where the file stopped making sense."""
        database = tmp_path / "a.db"
        fill(database, 200)
        data = bytearray(database.read_bytes())
        middle = len(data) // 2 // 4096 * 4096
        data[middle : middle + 8192] = b"\xa5" * 8192
        database.write_bytes(data)
        last = verify(database, KEY).problems[-1]
        assert last.fault is Fault.UNREADABLE
        assert 0 < last.sequence <= 100

    @pytest.mark.parametrize("content", [b"no json", b"[]", b'{"entry":{},"sequence":4}', b"[" * 100_000])
    def test_hashed_nonsense_is_a_change(self, copy: Copy, content: bytes) -> None:
        """Bytes that give their hash but are no record are named."""
        database = copy()
        connection = sqlite3.connect(database)
        previous = connection.execute("SELECT previous_hash FROM records WHERE sequence = 4").fetchone()[0]
        connection.close()
        digest = hashlib.sha256(previous + content).hexdigest()
        tamper(database, f"UPDATE records SET record = X'{content.hex()}', hash = X'{digest}' WHERE sequence = 4")
        assert faults(verify(database, KEY)) == [(Fault.CHANGED, 4, 4)]

    def test_numbers_that_are_none_are_changes(self, copy: Copy) -> None:
        """In a table made anew, a record under a text instead of a number is named, and its number is missing."""
        database = copy()
        tamper(
            database,
            "CREATE TABLE loose AS SELECT * FROM records",
            "DROP TABLE records",
            "ALTER TABLE loose RENAME TO records",
            "UPDATE records SET sequence = 'four' WHERE sequence = 4",
        )
        assert set(faults(verify(database, KEY))) == {(Fault.MISSING, 4, 4), (Fault.CHANGED, 13, 13)}

    def test_problems_are_bounded(self, tmp_path: Path) -> None:
        """However much was changed, a thousand problems are kept and all are counted."""
        database = tmp_path / "a.db"

        async def run() -> None:
            log = AuditLog.open(database, KEY)
            await asyncio.gather(*(log.append(make_entry(number)) for number in range(1200)))
            await log.close()

        asyncio.run(run())
        tamper(database, "UPDATE records SET record = X'00'")
        seen: list[tuple[int, int]] = []
        result = verify(database, KEY, lambda done, total: seen.append((done, total)))
        assert (len(result.problems), result.found) == (1000, 1200)
        assert seen == [(1000, 1200), (1200, 1200)]


def forge(database: Path, first: int, last: int) -> bytes:
    """Change the text of record `first` and hash the records up to `last` anew; return the last new hash."""
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT sequence, record, previous_hash, hash FROM records WHERE sequence BETWEEN ? AND ? ORDER BY 1",
        (first, last),
    ).fetchall()
    connection.close()
    statements = []
    digest = rows[0][2]
    for sequence, stored, _, _ in rows:
        record = stored.replace(b"user-7", b"user-8") if sequence == first else stored
        previous, digest = digest, hashlib.sha256(digest + record).digest()
        statements.append(
            f"UPDATE records SET record = X'{record.hex()}', previous_hash = X'{previous.hex()}', "
            f"hash = X'{digest.hex()}' WHERE sequence = {sequence}"
        )
    tamper(database, *statements)
    return bytes(digest)
