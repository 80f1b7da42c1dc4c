"""`firewall scrub`: clean files and folders of any size, and report what was removed."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from firewall.audit.fingerprint import load_key
from firewall.cli.output import console, line, progress, say
from firewall.errors import ConfigurationError
from firewall.settings import load

if TYPE_CHECKING:
    from firewall.scrub.plan import Plan
    from firewall.scrub.report import FileReport, ScrubReport

_DEADLINE_S = 600.0  # nobody waits for an answer, so a large record may take its time
_NAMED = 20


def command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="An empty or new folder for the cleaned files.")],
    policy: Annotated[str, typer.Option(help="The policy that decides what is removed.")] = "hipaa-strict",
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Files cleaned at once, each in a process with models of its own.")
    ] = 1,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as .html or .json as well.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    header: Annotated[
        bool, typer.Option("--header/--no-header", help="Whether tables begin with a row of column names.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report to standard output as JSON.")] = False,
    rules_dir: Annotated[Path | None, typer.Option(help="Folder of rules. [FIREWALL_RULES_DIR]")] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder of models. [FIREWALL_MODELS_DIR]")] = None,
) -> None:
    """Remove identifiers, secrets and injected orders from files, keeping their format.

    Reads txt, log, md, json, jsonl, csv, tsv and hl7, in UTF-8 and in constant memory; a JSON document must fit
    FIREWALL_MAX_BODY_BYTES. Inputs are never changed. What the policy blocks or wants reviewed is written as nothing
    (an empty row, message or line) and counted. File names and the audit trail are left alone: names are not cleaned,
    nothing is recorded.

    Examples:

        firewall scrub notes/ --out cleaned

        firewall scrub export.csv labs.hl7 --out cleaned --report report.html

        firewall scrub archive/ --out cleaned --workers 4 --resume

    Exit code 0: everything was cleaned and written. 1: a file could not be read or a record was withheld; the report
    names them. 2: wrong usage or configuration.
    """
    settings = load(rules_dir=rules_dir, models_dir=models_dir)
    settings = settings.model_copy(update={"deadline_s": max(settings.deadline_s, _DEADLINE_S)})

    from firewall.scrub.plan import plan
    from firewall.scrub.run import Orders, scrub

    planned = plan(paths, out)
    _check_report(report, planned)
    # The service's key where there is one, so that pseudonyms of the `hash` operator agree with the service's.
    key = load_key(settings.audit_key) if settings.audit_key.exists() else secrets.token_bytes(32)
    with progress(in_bytes=True) as bar:
        task = bar.add_task("scrub", total=planned.size)
        done = asyncio.run(
            scrub(
                planned,
                out,
                Orders(settings, policy, key, header),
                workers=workers,
                resume=resume,
                told=lambda count: bar.advance(task, count),
            )
        )
    if report is not None:
        try:
            done.write(report)
        except OSError as error:
            raise ConfigurationError(f"the report {report} cannot be written ({error.strerror})") from None
    if as_json:
        typer.echo(json.dumps(done.as_dict(), indent=1))
    else:
        _print(done)
    if not done.ok:
        raise typer.Exit(1)


def _check_report(report: Path | None, planned: Plan) -> None:
    """Refuse a report whose form is not told by its name, or that would overwrite an input."""
    if report is None:
        return
    if report.suffix.lower() not in (".html", ".htm", ".json"):
        raise typer.BadParameter("name a file that ends in .html or .json", param_hint="--report")
    if report.resolve() in {job.source.resolve() for job in planned.jobs}:
        raise typer.BadParameter("this file is one of the inputs", param_hint="--report")


def _print(done: ScrubReport) -> None:
    plain = done.as_dict()
    if done.removed:
        table = Table("removed", "places", box=None, pad_edge=False)
        for name, count in done.removed.most_common():
            table.add_row(Text(name), Text(f"{count:,}", justify="right"))
        console().print(table)
    rate = plain["bytes_in"] / 1e6 / max(done.seconds, 1e-9) * 60
    typer.echo(
        f"{plain['files_written']} files, {plain['records']} records, {plain['bytes_in']} bytes in {done.seconds:.1f} s "
        f"({rate:.1f} MB a minute); {plain['coverage']['scanned']} of {plain['coverage']['total']} characters looked at"
    )
    if done.resumed:
        typer.echo(f"{done.resumed} files were finished by an earlier run")
    for file in [one for one in done.files if one.withheld][:_NAMED]:
        count, at = file.withheld.total(), ", ".join(str(number) for number in file.withheld_at[:_NAMED])
        say(f"{line(file.name)}: {count} of {file.records} records written as nothing ({_why(file)}): {at}")
    for file in done.unread[:_NAMED]:
        say(f"{line(file.name)}: not written: {file.problem}")
    if len(done.unread) > _NAMED:
        say(f"and {len(done.unread) - _NAMED} more files were not written (--json or --report names all)")


def _why(file: FileReport) -> str:
    """Say how often which action withheld records of a file, and which clauses did."""
    actions = ", ".join(f"{name} {count}" for name, count in file.withheld.most_common())
    clauses = ", ".join(reason.split(":")[0] for reason, _ in file.withheld_for.most_common(3))
    return f"{actions}: {clauses}" if clauses else actions
