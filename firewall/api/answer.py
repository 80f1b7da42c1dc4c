"""An Inspection as the answer of /inspect: everything about the text, and of the text only what may pass."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from firewall.explain import Explained, explain
from firewall.pipeline import Inspection
from firewall.rules import Rule
from firewall.vocabulary import Action, Finding, Span


async def told(inspection: Inspection, *, explained: bool, content: bool = True) -> str:
    """Return the JSON of an answer, with an explanation of every finding where that was asked for."""
    if not explained:
        return write(inspection, content=content)
    rules = {rule.id: rule for rule in inspection.course.rules}
    return write(inspection, rules, await explain(inspection), content=content)


def write(
    inspection: Inspection,
    rules: Mapping[str, Rule] | None = None,
    explained: Sequence[Explained] | None = None,
    *,
    content: bool = True,
) -> str:
    """Return the JSON of an answer, with or without its content. `rules` is given to say where each finding came from.

    `explained` are explanations of every finding and, behind them, of what was dropped.
    """
    decision, report = inspection.decision, inspection.report
    head = {"action": decision.action.name.lower(), "enforced": decision.enforced}
    tail = {
        "scores": {"injection": None} | {name: round(score, 6) for name, score in report.scores.items()},
        "findings": [_finding(inspection, index, rules, explained) for index in range(len(report.findings))],
        "skipped": [
            {"detector": skip.detector, "pointer": inspection.edits.shown(skip.pointer), "reason": skip.reason.value}
            for skip in report.skipped
        ],
        "coverage": {"scanned": report.coverage.scanned, "total": report.coverage.total},
        "reasons": list(decision.reasons),
        "policy": {"id": decision.policy_id, "version": decision.policy_version},
        "bundle": inspection.bundle.digest,
        "models": dict(inspection.bundle.models),
        "audit_id": inspection.audit_id,
        "timings_ms": {name: round(spent, 3) for name, spent in inspection.timings_ms.items()},
    }
    if explained is not None:
        tail["dropped"] = [_dropped(inspection, one) for one in explained[len(report.findings) :]]
    passed = "null" if inspection.content is None else inspection.content
    middle = f', "content": {passed}, ' if content else ", "
    return f"{json.dumps(head)[:-1]}{middle}{json.dumps(tail, ensure_ascii=False)[1:]}"


def _finding(
    inspection: Inspection, index: int, rules: Mapping[str, Rule] | None, explained: Sequence[Explained] | None
) -> dict[str, object]:
    finding, decision = inspection.report.findings[index], inspection.decision
    body = finding_body(finding, decision.actions[index], inspection.edits.shown(finding.pointer))
    body["start"], body["end"] = _range(inspection, finding)
    if rules is not None:
        more = {} if explained is None else seen(inspection, explained[index])
        body["explanation"] = explanation(finding, decision.clauses[index], rules) | more
    return body


def finding_body(finding: Finding, action: Action, pointer: str) -> dict[str, object]:
    """Return a finding as the wire has it, at a pointer that may be shown."""
    return {
        "detector": finding.detector,
        "rule_id": finding.rule_id,
        "entity_type": finding.entity_type,
        "pointer": pointer,
        "start": None if finding.span is None else finding.span.start,
        "end": None if finding.span is None else finding.span.end,
        "score": round(finding.score, 6),
        "severity": finding.severity.name.lower(),
        "action": action.name.lower(),
        "tags": [*finding.tags, *(["member-name"] if finding.is_key else [])],
    }


def explanation(finding: Finding, clause: str | None, rules: Mapping[str, Rule]) -> dict[str, object]:
    """Say which rule and which clause a finding came from."""
    rule = rules.get(finding.rule_id)
    return {
        "clause": clause,
        "level": finding.level,
        "rule": rule.name if rule else None,
        "where": rule.where if rule else None,
    }


def seen(inspection: Inspection, one: Explained) -> dict[str, object]:
    """Say how a finding came about: places and numbers only, and of words those that the request named."""
    told: dict[str, object] = {"why": one.why, "context": list(one.context)}
    trace = one.trace
    if trace is not None:
        told["view"] = trace.view
        told["alternative"] = trace.alternative
        told["matched"] = None if trace.matched is None else _at(inspection, one, trace.matched)
        told["tokens"] = [
            {**_at(inspection, one, token.span), "label": token.label, "probability": round(token.probability, 4)}
            for token in trace.tokens
        ]
    return told


def _dropped(inspection: Inspection, one: Explained) -> dict[str, object]:
    """Return what the policy never heard of."""
    place = {"start": None, "end": None} if one.span is None else _at(inspection, one, one.span)
    return {
        "detector": one.detector,
        "rule_id": one.rule_id,
        "entity_type": one.entity_type,
        "pointer": inspection.edits.shown(one.pointer),
        **place,
        "score": round(one.score, 6),
        "explanation": {"rule": one.rule.name if one.rule else None, **seen(inspection, one)},
    }


def _at(inspection: Inspection, one: Explained, span: Span) -> dict[str, int]:
    start, end = inspection.reading.wire_range(one.pointer, one.is_key, span.start, span.end)
    return {"start": start, "end": end}


def _range(inspection: Inspection, finding: Finding) -> tuple[int | None, int | None]:
    if finding.span is None:
        return None, None
    return inspection.reading.wire_range(finding.pointer, finding.is_key, finding.span.start, finding.span.end)
