"""`firewall audit`: verify the chain, look at records, hand them on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.table import Table
from rich.text import Text

from firewall.audit import read
from firewall.audit.fingerprint import load_key
from firewall.audit.ocsf import to_ocsf
from firewall.audit.verify import Verification
from firewall.audit.verify import verify as walk
from firewall.cli.output import STYLES, console, line, progress, say
from firewall.errors import ConfigurationError
from firewall.settings import load

app = typer.Typer(help="Verify the audit trail, look at its records, export them.", no_args_is_help=True)

_SHOWN = 20
_Argument = Annotated[
    Path | None, typer.Argument(help="The SQLite file. [FIREWALL_AUDIT_DATABASE]", show_default=False)
]
_Option = Annotated[Path | None, typer.Option("--database", help="The SQLite file. [FIREWALL_AUDIT_DATABASE]")]
_Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


class ExportFormat(StrEnum):
    """What `export` writes, one event a line."""

    JSONL = "jsonl"  # the records as they were written, with their hashes
    OCSF = "ocsf"  # OCSF Detection Findings (class 2004)


def _database(given: Path | None) -> Path:
    return given or load().audit_database


@app.command()
def verify(
    database: _Argument = None,
    key: Annotated[
        Path | None, typer.Option(help="The audit key, for the head's signature. [FIREWALL_AUDIT_KEY]")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Walk the chain from the first record to the last and name by number what is not as it was written.

    Without a key the hashes are checked, but not that the head was signed with the key, which is what shows a trail
    whose hashes were all computed anew. Works while the service writes.

    Examples:

        firewall audit verify

        firewall audit verify backup/audit.db --key audit.key --json

    Exit code 0: whole. 1: a record was changed, removed, added or moved. 2: there is no such trail, or no such key.
    """
    settings = load()
    where = database or settings.audit_database
    secret = load_key(key) if key else load_key(settings.audit_key) if settings.audit_key.exists() else None
    with progress(in_bytes=False) as bar:
        task = bar.add_task("records", total=0)
        found = walk(where, secret, lambda done, total: bar.update(task, completed=done, total=total))
    if as_json:
        typer.echo(json.dumps(_as_dict(found), indent=1))
    else:
        _report(found)
    if not found.ok:
        raise typer.Exit(1)


def _as_dict(found: Verification) -> dict[str, Any]:
    return {
        "ok": found.ok,
        "records": found.records,
        "head": {"sequence": found.sequence, "hash": found.hash, "signed": found.signed},
        "found": found.found,
        "problems": [
            {"fault": one.fault.value, "sequence": one.sequence, "last": one.last, "detail": one.detail}
            for one in found.problems
        ],
    }


def _report(found: Verification) -> None:
    for one in found.problems[:_SHOWN]:
        numbers = f"record {one.sequence}" if one.sequence == one.last else f"records {one.sequence} to {one.last}"
        say(f"{numbers if one.sequence else 'the trail'}: {one.fault.value}: {one.detail}")
    if found.found > _SHOWN:
        say(f"and {found.found - _SHOWN} more problems (--json writes the first {len(found.problems)})")
    signature = (
        "signature holds" if found.signed else "signature not checked" if found.ok else "signature not confirmed"
    )
    verdict = "whole" if found.ok else "BROKEN"
    typer.echo(f"{verdict}: {found.records} records, head {found.sequence} {found.hash[:16]}, {signature}")


@app.command()
def tail(
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=100_000, help="How many records.")] = 20,
    database: _Option = None,
    as_json: _Json = False,
) -> None:
    """Print the last records, oldest first.

    Examples:

        firewall audit tail -n 5

        firewall audit tail -n 1000 --json | jq .action
    """
    records = read.tail(_database(database), number)
    if as_json:
        for record in records:
            typer.echo(json.dumps(record))
        return
    table = Table(
        "number", "time", "direction", "tool", "action", "findings", "user", "audit id", box=None, pad_edge=False
    )
    for record in records:
        action = record["action"] if record["outcome"] == "decided" else record["outcome"]
        tool = record["tool"]
        cells = [
            str(record["sequence"]),
            record["time"][:19],
            record["direction"],
            f"{tool['server']}/{tool['name']}",
            action if record["enforced"] else f"{action} (monitored)",
            str(len(record["findings"])),
            record["user"],
            record["audit_id"],
        ]
        # Names come from callers, so they are shown without their control characters and never as markup.
        table.add_row(*(Text(line(cell)) for cell in cells), style=None if action == "allow" else STYLES.get(action))
    console().print(table)


@app.command()
def show(audit_id: Annotated[str, typer.Argument(help="From an answer.")], database: _Option = None) -> None:
    """Print one record as JSON.

    Example:

        firewall audit show 01991f3e-7b7a-7d13-8a5e-1f0f5f6f7a8b

    Exit code 1 where there is no such record.
    """
    record = read.show(_database(database), audit_id)
    if record is None:
        say("there is no record with this identifier")
        raise typer.Exit(1)
    typer.echo(json.dumps(record, indent=1))


@app.command()
def export(
    database: _Argument = None,
    since: Annotated[str | None, typer.Option(help="From this moment on: 2026-01-31 or 2026-01-31T08:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this moment. Without a time zone both are UTC.")] = None,
    form: Annotated[ExportFormat, typer.Option("--format", help="Our records, or OCSF.")] = ExportFormat.JSONL,
    out: Annotated[Path | None, typer.Option(help="A new file instead of standard output.")] = None,
) -> None:
    """Write the records of a period, one JSON object a line, in the order they were written.

    Examples:

        firewall audit export --since 2026-01-01 --until 2026-02-01 --out january.jsonl

        firewall audit export --format ocsf | gzip > findings.ocsf.jsonl.gz
    """
    found = read.export(_database(database), _moment(since, "--since"), _moment(until, "--until"))
    with _target(out) as target:
        for record in found:
            target.write(json.dumps(to_ocsf(record) if form is ExportFormat.OCSF else record) + "\n")


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a moment as 2026-01-31 or 2026-01-31T08:00Z", param_hint=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def _target(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    try:
        opened = out.open("x", encoding="utf-8")
    except FileExistsError:
        raise ConfigurationError(f"{out} exists; an export does not overwrite") from None
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written ({error.strerror})") from None
    with opened:
        yield opened
