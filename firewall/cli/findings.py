"""An inspection for a person's eyes: the action, why, a table of findings, and the text with what was found in it."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from firewall.cli.output import STYLES, action_text, console, line, marked
from firewall.pipeline import Inspection
from firewall.vocabulary import Action, Finding

_MOST = 200  # findings listed; the rest is counted
_POINTER_CHARS = 60

_Spans = dict[tuple[str, bool], list[tuple[int, int, str, Action]]]


def show(inspection: Inspection, *, is_text: bool, explain: bool, show_text: bool) -> None:
    """Print an inspection on standard output. Without `show_text` no character of the payload is printed."""
    screen = console()
    _head(screen, inspection)
    if inspection.report.findings:
        screen.print(_table(inspection, explain=explain))
    for skip in inspection.report.skipped[:_MOST]:
        where = line(inspection.edits.shown(skip.pointer))[:_POINTER_CHARS] or "the whole payload"
        screen.print(Text(f"not looked at by {skip.detector}: {where} ({skip.reason})", style="yellow"))
    if show_text:
        _texts(screen, inspection, is_text=is_text)


def _head(screen: Console, inspection: Inspection) -> None:
    decision, report = inspection.decision, inspection.report
    head = Text.assemble("action    ", action_text(decision.action))
    if not decision.enforced:
        head.append("  (monitored: the content passes as it came)", style="dim")
    screen.print(head)
    screen.print(Text(f"policy    {decision.policy_id} {decision.policy_version}"))
    for index, reason in enumerate(decision.reasons):
        screen.print(Text(f"{'' if index else 'reasons':<10}{reason}"), soft_wrap=True)
    for name, score in sorted(report.scores.items()):
        screen.print(Text(f"{name:<10}{score:.4f}"))
    screen.print(Text(f"coverage  {report.coverage.scanned} of {report.coverage.total} characters"))
    screen.print(Text(f"time      {inspection.timings_ms['total']:.1f} ms"))
    if inspection.audit_id is not None:
        screen.print(Text(f"audit     {inspection.audit_id}"))


def _table(inspection: Inspection, *, explain: bool) -> Table:
    table = Table("type", "where", "at", "score", "severity", "action", "rule", box=None, pad_edge=False)
    if explain:
        table.add_column("rule file")
        table.add_column("clause")
    decision, findings = inspection.decision, inspection.report.findings
    for index in range(min(len(findings), _MOST)):
        finding, action = findings[index], decision.actions[index]
        row = [
            Text(finding.entity_type, style=STYLES[action.name.lower()]),
            Text(_where(inspection, finding)),
            Text("" if finding.span is None else f"{finding.span.start}-{finding.span.end}"),
            Text(f"{finding.score:.2f}"),
            Text(finding.severity.name.lower()),
            action_text(action),
            Text(finding.rule_id),
        ]
        if explain:
            rule = inspection.bundle.rules.get(finding.rule_id)
            row += [Text(rule.where if rule else finding.detector), Text(decision.clauses[index] or "")]
        table.add_row(*row)
    if len(findings) > _MOST:
        table.caption = f"and {len(findings) - _MOST} more (--json writes all)"
    return table


def _where(inspection: Inspection, finding: Finding) -> str:
    """Return the pointer as the wire shows it: renamed members carry their new names."""
    if finding.span is None and not finding.pointer:
        return "the call"
    pointer = line(inspection.edits.shown(finding.pointer))
    short = pointer if len(pointer) <= _POINTER_CHARS else f"{pointer[:_POINTER_CHARS]}…"
    return f"{short} (name)" if finding.is_key else short


def _texts(screen: Console, inspection: Inspection, *, is_text: bool) -> None:
    """Print the text, or of JSON each leaf in which something was found."""
    spans: _Spans = defaultdict(list)
    for finding, action in zip(inspection.report.findings, inspection.decision.actions, strict=True):
        if finding.span is not None:
            place = (finding.span.start, finding.span.end, finding.entity_type, action)
            spans[finding.pointer, finding.is_key].append(place)
    colour = screen.color_system is not None and not screen.no_color
    shown = [
        segment for segment in inspection.reading.segments if is_text or spans.get((segment.pointer, segment.is_key))
    ]
    if shown:
        screen.print()
    for segment in shown:
        found = spans.get((segment.pointer, segment.is_key), [])
        if not is_text:
            kind = " (name)" if segment.is_key else ""
            screen.print(Text(f"{line(segment.pointer)}{kind}", style="dim"), soft_wrap=True)
        screen.print(marked(segment.text, found, colour=colour), soft_wrap=True)
