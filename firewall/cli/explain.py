"""`firewall explain`: why each finding is one, why nothing else is, and what the policy made of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from firewall.cli.inspect import Form, opened, payload, read_input
from firewall.cli.output import STYLES, action_text, console, line
from firewall.settings import Settings, load
from firewall.vocabulary import Direction, Identity, Span, ToolRef

if TYPE_CHECKING:
    from firewall.explain import Explained
    from firewall.pipeline import Inquiry, Inspection

PROPAGATION = "propagation"
_LONGEST = 48  # code points of a text in the table
_AROUND = 24  # of what stands around a value
_MOST = 200
_SURE = 0.5  # tokens below it are shown dimmed


def command(
    what: Annotated[str, typer.Argument(metavar="FILE|TEXT", help="A file, a text, or - for standard input.")],
    direction: Annotated[
        Direction, typer.Option(help="inbound: arguments on their way to a tool. outbound: a result on its way back.")
    ] = Direction.OUTBOUND,
    tool: Annotated[
        str, typer.Option(metavar="SERVER/NAME", help="The tool, as the registry names it.")
    ] = "demo/fetch",
    policy: Annotated[
        str | None, typer.Option(help="A policy's id, instead of the one tenant and tool select.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Selects the policy, as in a request.")] = "",
    form: Annotated[Form, typer.Option("--format", help="How the input is read.")] = Form.AUTO,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON: the answer with its explanations.")] = False,
    rules_dir: Annotated[Path | None, typer.Option(help="Folder of rules. [FIREWALL_RULES_DIR]")] = None,
    models_dir: Annotated[Path | None, typer.Option(help="Folder of models. [FIREWALL_MODELS_DIR]")] = None,
) -> None:
    """Explain each finding: the rule and alternative or the model's tokens, the view, the clause, and what was dropped.

    It shows the text, which is yours; the service's `explain: true` says the same in places only.

    Examples:

        firewall explain 'Call Maria Gonzalez at 617-555-0143'

        firewall explain result.json --policy hipaa-strict

        firewall explain notes.txt --json | jq '.findings[].explanation'

    Exit code 0: explained. 2: wrong usage or configuration.
    """
    server, slash, name = tool.partition("/")
    if not (server and slash and name):
        raise typer.BadParameter("write SERVER/NAME, for example demo/fetch", param_hint="--tool")
    settings = load(rules_dir=rules_dir, models_dir=models_dir)
    document, _ = payload(_bytes(what, settings.max_body_bytes), form, settings)

    from firewall.pipeline import Inquiry

    inquiry = Inquiry(direction, ToolRef(server, name), Identity(tenant=tenant), document, policy)
    inspection, explained = asyncio.run(_explain(inquiry, settings))
    if as_json:
        from firewall.api.answer import write

        rules = {rule.id: rule for rule in inspection.course.rules}
        typer.echo(write(inspection, rules, explained))
        return
    show(inspection, explained)


def _bytes(what: str, most: int) -> bytes:
    """Return what an argument stands for: standard input, a file, or the text itself."""
    if what == "-":
        return read_input(Path("-"), most)
    try:
        is_file = Path(what).is_file()
    except (OSError, ValueError):  # longer than a name may be
        is_file = False
    return read_input(Path(what), most) if is_file else what.encode("utf-8", "surrogateescape")


async def _explain(inquiry: Inquiry, settings: Settings) -> tuple[Inspection, list[Explained]]:
    from firewall.explain import explain

    async with opened(settings, record=False) as pipeline:
        inspection = await pipeline.inspect(inquiry)
        return inspection, await explain(inspection)


def show(inspection: Inspection, explained: list[Explained]) -> None:
    """Print a table of the findings, the tokens that models weighed, and what was dropped."""
    screen = console()
    decision = inspection.decision
    screen.print(
        Text.assemble("action  ", action_text(decision.action), f"  by {decision.policy_id} {decision.policy_version}")
    )
    texts = {(segment.pointer, segment.is_key): segment.text for segment in inspection.reading.segments}
    found = explained[: len(inspection.report.findings)]
    dropped = explained[len(found) :]
    if found:
        screen.print(_table(found, texts))
        _tokens(screen, found, texts)
    if dropped:
        screen.print(Text("\nseen, and not a finding", style="bold"))
        screen.print(_table(dropped, texts))
    if not explained:
        screen.print(Text("nothing was seen"))


def _table(explained: list[Explained], texts: dict[tuple[str, bool], str]) -> Table:
    table = Table("text", "type", "where", "score", "seen by", "through", "action", "why", box=None, pad_edge=False)
    for one in explained[:_MOST]:
        action = Text("dropped", style="dim") if one.action is None else action_text(one.action)
        style = "dim" if one.action is None else STYLES[one.action.name.lower()]
        where = f"{line(one.pointer)[:_LONGEST]}{' (name)' if one.is_key else ''} "
        table.add_row(
            Text(_cut(texts, one, one.span), style=style),
            Text(one.entity_type),
            Text(where + (f"{one.span.start}-{one.span.end}" if one.span else "the call")),
            Text(f"{one.score:.2f}"),
            Text(_seen_by(one)),
            Text(_through(one, texts)),
            action,
            Text(one.why),
        )
    if len(explained) > _MOST:
        table.caption = f"and {len(explained) - _MOST} more (--json writes all)"
    return table


def _seen_by(one: Explained) -> str:
    """Name the rule, or the detector and what it calls itself."""
    by = f"{one.rule_id}: {one.rule.name}" if one.rule else f"{one.detector}: {one.rule_id}"
    return f"{one.detector}, after {one.rule_id}" if one.detector == PROPAGATION else by


def _through(one: Explained, texts: dict[tuple[str, bool], str]) -> str:
    """Say which glass, which alternative of the rule, and which words beside the value counted."""
    trace = one.trace
    told = [f"context: {', '.join(one.context)}"] if one.context else []
    if one.detector == PROPAGATION:
        return "says again what this rule or model found elsewhere"
    if trace is None:
        return "; ".join(told)
    told.insert(0, trace.view)
    if trace.alternative is not None and trace.alternatives > 1:
        told.append(f"alternative {trace.alternative} of {trace.alternatives}")
    if trace.matched is not None and one.span is not None and trace.matched != one.span:
        text = texts.get((one.pointer, one.is_key), "")
        before = text[max(trace.matched.start, one.span.start - _AROUND) : one.span.start]
        after = text[one.span.end : min(trace.matched.end, one.span.end + _AROUND)]
        told.append(f"in {line(before)}[]{line(after)}")
    return "; ".join(told)


def _tokens(screen: Console, explained: list[Explained], texts: dict[tuple[str, bool], str]) -> None:
    """Print what models made of each token, a line for each finding of theirs."""
    weighed = [one for one in explained[:_MOST] if one.trace is not None and one.trace.tokens]
    if weighed:
        screen.print(Text("\ntokens", style="bold"))
    for one in weighed:
        shown = Text(f"{one.entity_type}  ")
        for token in one.trace.tokens if one.trace else ():
            piece = _cut(texts, one, token.span)
            shown.append(
                f"{piece} {token.label} {token.probability:.2f}  ", style="" if token.probability >= _SURE else "dim"
            )
        screen.print(shown, soft_wrap=True)


def _cut(texts: dict[tuple[str, bool], str], one: Explained, span: Span | None) -> str:
    if span is None:
        return ""
    text = line(texts.get((one.pointer, one.is_key), "")[span.start : span.end])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
