"""Entries, trails, and the hands of an attacker who has the file but not the key."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from firewall.audit.record import AuditEntry, AuditFinding, AuditSkipped, ToolRef
from firewall.audit.store import AuditLog
from firewall.vocabulary import Action, Coverage, Direction, Severity

KEY = bytes(range(32))


def make_entry(number: int = 0) -> AuditEntry:
    """Return an entry with every field in use; `number` goes into the request's identifier."""
    return AuditEntry(
        direction=Direction.OUTBOUND,
        tenant="acme",
        user="user-7",
        model="agent-1",
        session="session-3",
        request_id=f"request-{number}",
        purpose="treatment",
        roles=("clinician",),
        tool=ToolRef("ehr", "get_patient", "1.0.0", "sha256:00"),
        risk_class="read_only",
        data_classes=("phi",),
        action=Action.REDACT,
        reasons=("phi-out",),
        policy_id="default",
        policy_version="1",
        bundle="sha256:01",
        rules="sha256:02",
        models={"injection": "sha256:03"},
        findings=(
            AuditFinding(
                "patterns", "identifiers.ssn.1", "US_SSN", "/content/0/text", 3, 14, 0.85, Severity.HIGH, Action.REDACT
            ),
        ),
        skipped=(AuditSkipped("entities", "/content/1/data", "binary"),),
        coverage=Coverage(90, 100),
        scores={"injection": 0.0312},
        timings_ms={"total": 2.5},
    )


def fill(database: Path, count: int) -> None:
    """Write `count` records through the real log, then close it."""

    async def run() -> None:
        log = AuditLog.open(database, KEY)
        for number in range(1, count + 1):
            await log.append(make_entry(number))
        await log.close()

    asyncio.run(run())


def tamper(database: Path, *statements: str) -> None:
    """Do to the file what an attacker would: take the triggers away, change rows, put the triggers back."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()
