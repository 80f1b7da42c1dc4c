"""Walk the chain and name by number what is not as it was written.

Reads one snapshot, read-only, in constant memory, also while the service writes. Without the key the chain is
checked; with the key the head's signature too, which is what finds a trail whose hashes were all computed anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from firewall.audit.chain import Head, HeadSigner, record_hash
from firewall.audit.schema import AS_STORED, STORED_HEAD, missing_triggers, reading, records

PROBLEM_LIMIT = 1000  # problems kept with their numbers; more are counted only, so that memory stays constant
_PAGE = 64  # records fetched at a time; also how exactly the place of a damage is known
_STEP = 1000  # records between two calls of the progress callback


class Fault(StrEnum):
    """What can be wrong with a trail."""

    CHANGED = "changed"  # the record at this number is not the one that was written
    MISSING = "missing"  # no record with this number is left
    REORDERED = "reordered"  # a whole record stands at this number that was written with another
    DUPLICATED = "duplicated"  # a copy of a record that also stands at its own number
    TRUNCATED = "truncated"  # the head commits to records from this number on, and the trail ends before it
    HEAD = "head"  # the head is missing, not signed with the key, or not the last record's
    SCHEMA = "schema"  # an append-only trigger is gone or changed
    UNREADABLE = "unreadable"  # the database file is damaged from about this number on


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing found wrong: `sequence` to `last` are the numbers concerned (0: the trail as a whole)."""

    fault: Fault
    sequence: int
    last: int
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome. `records` were walked; `sequence` and `hash` are the stored head's.

    `signed` tells whether the head's signature was checked and holds; False without a key. `problems` holds the
    first 1000 in the order of the walk, `found` counts all.
    """

    records: int
    sequence: int
    hash: str
    signed: bool
    problems: tuple[Problem, ...]
    found: int

    @property
    def ok(self) -> bool:
        """Tell whether nothing at all was found wrong."""
        return not self.found


@dataclass(slots=True)
class _Walk:
    """Where the walk stands, and what it found."""

    connection: Connection
    records: int = 0
    column: int = 0  # the number that the last row stands at
    own: int = 0  # the number that the last record in its place was written with
    shift: int = 0  # own number less place: not zero where rows were renumbered
    hash: bytes = field(default_factory=lambda: Head().hash)  # the hash that the next record must name
    doubted: bool = False  # the record before was found wrong: a broken link to it says nothing new
    problems: list[Problem] = field(default_factory=list)
    found: int = 0

    def tell(self, fault: Fault, sequence: int, detail: str, last: int | None = None) -> None:
        """Note a problem."""
        self.found += 1
        if len(self.problems) < PROBLEM_LIMIT:
            self.problems.append(Problem(fault, sequence, sequence if last is None else last, detail))

    def stands_at(self, digest: bytes) -> int | None:
        """Return where the first record with this hash stands. A full scan, so only problems pay for it."""
        if self.found >= PROBLEM_LIMIT:
            return None
        found: int | None = self.connection.execute(
            select(func.min(records.c.sequence)).where(records.c.hash == digest)
        ).scalar()
        return found

    def visit(self, row: Row[Any]) -> None:
        """Check one row against itself and against the row before."""
        self.records += 1
        if not isinstance(row.sequence, int):
            self.tell(Fault.CHANGED, self.column + 1, "A record stands under something that is no number.")
            return
        gap = row.sequence > self.column + 1
        if gap:
            self.tell(Fault.MISSING, self.column + 1, "No record stands at this number.", row.sequence - 1)
        before, self.column = self.column, row.sequence
        written = _written_number(row)
        if written is None:
            self.tell(Fault.CHANGED, row.sequence, "The record does not give its stored hash.")
            self._accept(row.sequence + self.shift, row.hash, doubted=True)
        elif row.sequence <= before:
            self.tell(Fault.DUPLICATED, row.sequence, "Two records stand at this number.")
        elif written == self.own + 1 or (gap and written == row.sequence):
            self._follow(row, written, gap)
        elif written <= self.own:
            copy = self.stands_at(row.hash) != row.sequence
            self.tell(Fault.DUPLICATED if copy else Fault.REORDERED, row.sequence, f"Record {written} stands here.")
            self.shift -= 1
        elif self.stands_at(row.previous_hash) is None:
            self.tell(Fault.MISSING, self.own + 1, "No record written with this number is left.", written - 1)
            self._accept(written, row.hash)
        elif written == row.sequence:
            # The records before it stand elsewhere and are named where they stand; here the trail is whole again.
            self._accept(written, row.hash)
        else:
            self.tell(Fault.REORDERED, row.sequence, f"Record {written} stands here.")

    def _follow(self, row: Row[Any], written: int, gap: bool) -> None:
        """Check that a whole record in its turn names the record before it, and stands where its turn is."""
        if not gap and not self.doubted and row.previous_hash != self.hash:
            self.tell(Fault.CHANGED, max(self.own, 1), "The next record commits to another record here.")
        elif not gap and written - row.sequence != self.shift:
            self.tell(Fault.REORDERED, row.sequence, f"Record {written} stands here.")
        self._accept(written, row.hash)

    def _accept(self, own: int, digest: bytes, *, doubted: bool = False) -> None:
        self.own, self.hash, self.doubted = own, digest, doubted
        self.shift = own - self.column


def verify(database: Path, key: bytes | None, progress: Callable[[int, int], None] | None = None) -> Verification:
    """Walk the trail from the first record to the head; `progress` is called with (records done, last number).

    Raises ConfigurationError when there is no such database or it is not an audit database.
    """
    with reading(database) as connection:
        walk = _Walk(connection)
        head, signed = Head(), False
        try:
            total = connection.execute(select(func.max(records.c.sequence))).scalar() or 0
            for name in missing_triggers(connection):
                walk.tell(Fault.SCHEMA, 0, f"The append-only trigger {name} is gone or changed.")
            statement = AS_STORED.order_by(records.c.sequence).execution_options(yield_per=_PAGE)
            for row in connection.execute(statement):
                walk.visit(row)
                if progress is not None and walk.records % _STEP == 0:
                    progress(walk.records, total)
            head, signed = _check_head(walk, key)
        except (DatabaseError, SQLAlchemyError):
            walk.tell(Fault.UNREADABLE, walk.column + 1, "The database file is damaged from about here on.")
        else:
            if progress is not None:
                progress(walk.records, total)
        return Verification(walk.records, head.sequence, head.hash.hex(), signed, tuple(walk.problems), walk.found)


def _written_number(row: Row[Any]) -> int | None:
    """Return the number the record was written with, or None when the row is not what was written."""
    stored = (row.record, row.previous_hash, row.hash)
    if not all(isinstance(value, bytes) for value in stored):
        return None
    if record_hash(row.previous_hash, row.record) != row.hash:
        return None
    try:
        content = json.loads(row.record)
        entry, sequence = content["entry"], content["sequence"]
        same = entry["audit_id"] == row.audit_id and entry["time"] == row.time
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return sequence if same and isinstance(sequence, int) else None


def _check_head(walk: _Walk, key: bytes | None) -> tuple[Head, bool]:
    """Compare the stored head with where the walk ended."""
    rows = walk.connection.execute(STORED_HEAD).all()
    if len(rows) != 1 or not isinstance(rows[0].hash, bytes) or not isinstance(rows[0].sequence, int):
        walk.tell(Fault.HEAD, 0, "The trail has no head.")
        return Head(), False
    head = Head(rows[0].sequence, rows[0].hash)
    signature = rows[0].signature
    signed = False
    if key is not None:
        signed = isinstance(signature, bytes) and 0 <= head.sequence < 2**63 and HeadSigner(key).holds(head, signature)
        if not signed:
            walk.tell(Fault.HEAD, 0, "The head is not signed with this key.")
    if head.sequence > walk.own and walk.found and walk.stands_at(head.hash) is not None:
        pass  # the last record stands elsewhere and was named there
    elif head.sequence > walk.own:
        walk.tell(Fault.TRUNCATED, walk.own + 1, "The head commits to records that are gone.", head.sequence)
    elif head.sequence < walk.own:
        walk.tell(Fault.HEAD, head.sequence + 1, "Records stand after the head.", walk.own)
    elif head.hash != walk.hash and not walk.doubted:
        walk.tell(Fault.CHANGED, walk.own, "The head commits to another record here.")
    return head, signed
