"""`firewall tools`: screen what a server says of its tools, and print the digests that pin it.

The road is imported where it is used: it loads engines, and `--help` needs none of them.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from firewall.cli.inspect import FailOn, opened, read_input
from firewall.cli.output import STYLES, action_text, console, line
from firewall.errors import MalformedInputError
from firewall.settings import Settings, load
from firewall.vocabulary import Action, Identity

if TYPE_CHECKING:
    from rich.console import Console

    from firewall.definitions.subject import ListingInquiry, Screened, Screening
    from firewall.payload.definitions import Listing

app = typer.Typer(help="Screen tool definitions and print the digests that pin them.", no_args_is_help=True)

_PANEL = "Who asks"
_POINTER_CHARS = 60
_MOST = 200  # findings listed a tool; the rest is counted
_File = Annotated[
    Path,
    typer.Argument(
        metavar="[FILE]", help="An MCP tools/list result, a list of tools or one tool; - is standard input."
    ),
]


@app.command("inspect")
def inspect(
    file: _File = Path("-"),
    server: Annotated[str, typer.Option(help="The server whose tools these are, as the registry names it.")] = "demo",
    policy: Annotated[
        str | None, typer.Option(help="A policy's id, instead of those that tenant and tool select.")
    ] = None,
    tenant: Annotated[str, typer.Option(rich_help_panel=_PANEL)] = "",
    user: Annotated[str, typer.Option(rich_help_panel=_PANEL)] = "",
    fail_on: Annotated[FailOn, typer.Option(help="The mildest action that makes the exit code 1.")] = FailOn.REVIEW,
    explain: Annotated[
        bool, typer.Option("--explain", help="Name each finding's rule file and policy clause.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the answer of POST /inspect/tools.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Append a record to the audit trail.")] = False,
    rules_dir: Annotated[Path | None, typer.Option(help="Folder of rules. [FIREWALL_RULES_DIR]")] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder of models. [FIREWALL_MODELS_DIR]")] = None,
) -> None:
    """Screen tool definitions, without a server: orders to the model, secrets, drift from what is pinned, names.

    The same rules, models, policies and registry decide as in the service. Tools that are not registered go to review;
    --fail-on block lets a new server's clean definitions pass. Nothing is recorded unless --record is given.

    Examples:

        firewall tools inspect tools.json --server lims

        firewall tools inspect tools.json --server new-server --fail-on block --explain

    Exit code 0: passes. 1: review or block (see --fail-on). 2: wrong usage or configuration.
    """
    from firewall.definitions.subject import ListingInquiry

    settings = load(rules_dir=rules_dir, models_dir=models_dir)
    inquiry = ListingInquiry(server, Identity(tenant=tenant, user=user), _listing(file, settings), policy)
    screening = asyncio.run(_screen(inquiry, settings, record=record))
    if as_json:
        from firewall.api.definitions import write_tools

        typer.echo(write_tools(screening, screening.bundle.rules if explain else None))
    else:
        _show(screening, explain=explain)
    if screening.action >= Action[fail_on.name]:
        raise typer.Exit(1)


@app.command("digest")
def digest(
    file: _File = Path("-"),
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON: digests by name.")] = False,
) -> None:
    """Print the digest of each definition, to be pinned as `digest` in the registry once somebody has read it.

    SHA-256 over the canonical JSON of RFC 8785: white space, the order of members and the spelling of numbers do not
    matter, everything else does.

    Examples:

        firewall tools digest tools.json

        firewall tools digest tools.json --json

    Exit code 2: the input is no listing of tools, or a name stands in it twice.
    """
    from firewall.access.digest import definition_digest

    digests: dict[str, str] = {}
    for tool in _listing(file, load()).tools:
        if tool.name in digests:
            raise MalformedInputError("a tool's name stands twice in the listing, so no digest can be pinned for it")
        digests[tool.name] = definition_digest(json.loads(tool.document.source))
    if as_json:
        typer.echo(json.dumps(digests, indent=1))
        return
    for name, value in digests.items():
        typer.echo(f"{value}  {line(name)}")


def _listing(file: Path, settings: Settings) -> Listing:
    from firewall.assembly import limits
    from firewall.payload.definitions import listing
    from firewall.payload.document import decode, parse

    bounds = limits(settings)
    return listing(parse(decode(read_input(file, settings.max_body_bytes), bounds), bounds), "", settings.max_tools)


async def _screen(inquiry: ListingInquiry, settings: Settings, *, record: bool) -> Screening:
    """Load everything, screen once."""
    from dataclasses import replace

    from firewall.definitions.screen import screen

    async with opened(settings, record=record) as pipeline:
        screening = await screen(pipeline, inquiry)
    return screening if record else replace(screening, audit_id=None)


def _show(screening: Screening, *, explain: bool) -> None:
    """Print a screening for a person's eyes: what is wrong where, and no text of the definitions but names."""
    screen = console()
    screen.print(Text.assemble("action    ", action_text(screening.action)))
    if not screening.enforced:
        screen.print(Text("          (monitored: nothing is enforced)", style="dim"))
    for index, reason in enumerate(screening.reasons):
        screen.print(Text(f"{'' if index else 'reasons':<10}{reason}"), soft_wrap=True)
    screen.print(Text(f"time      {screening.timings_ms['total']:.1f} ms"))
    if screening.audit_id is not None:
        screen.print(Text(f"audit     {screening.audit_id}"))
    for one in screening.screened:
        _show_one(screen, one, screening, explain=explain)


def _show_one(screen: Console, one: Screened, screening: Screening, *, explain: bool) -> None:
    tool, drift = one.subject.call.tool, one.subject.drift
    name = "beside the tools" if one.subject.definition is None else line(tool.name)[:_POINTER_CHARS]
    head = Text.assemble("\n", Text(name, style="bold"), "  ", action_text(one.decision.action))
    if drift is not None:
        head.append(f"  {drift.value}  {tool.digest}", style="dim")
    screen.print(head, soft_wrap=True)
    findings = one.report.findings
    if findings:
        screen.print(_table(one, screening, explain=explain))
    for skip in one.report.skipped[:_MOST]:
        where = line(skip.pointer)[:_POINTER_CHARS] or "the whole definition"
        screen.print(Text(f"not looked at by {skip.detector}: {where} ({skip.reason})", style="yellow"))


def _table(one: Screened, screening: Screening, *, explain: bool) -> Table:
    table = Table("type", "where", "at", "score", "severity", "action", "rule", box=None, pad_edge=False)
    if explain:
        table.add_column("rule file")
        table.add_column("clause")
    findings, decision = one.report.findings, one.decision
    for finding, action, clause in list(zip(findings, decision.actions, decision.clauses, strict=True))[:_MOST]:
        where = line(finding.pointer)[:_POINTER_CHARS] or "the definition"
        row = [
            Text(finding.entity_type, style=STYLES[action.name.lower()]),
            Text(f"{where} (name)" if finding.is_key else where),
            Text("" if finding.span is None else f"{finding.span.start}-{finding.span.end}"),
            Text(f"{finding.score:.2f}"),
            Text(finding.severity.name.lower()),
            action_text(action),
            Text(finding.rule_id),
        ]
        if explain:
            rule = screening.bundle.rules.get(finding.rule_id)
            row += [Text(rule.where if rule else finding.detector), Text(clause or "")]
        table.add_row(*row)
    if len(findings) > _MOST:
        table.caption = f"and {len(findings) - _MOST} more (--json writes all)"
    return table
