"""An Inspection as the answer of /inspect: everything about the text, and of the text only what may pass."""

from __future__ import annotations

import json
from collections.abc import Mapping

from firewall.pipeline import Inspection
from firewall.rules import Rule
from firewall.vocabulary import Action, Finding


def write(inspection: Inspection, rules: Mapping[str, Rule] | None = None) -> str:
    """Return the JSON of an answer. `rules` is given when the caller wants every finding explained."""
    decision, report = inspection.decision, inspection.report
    head = {"action": decision.action.name.lower(), "enforced": decision.enforced}
    tail = {
        "scores": {"injection": None} | {name: round(score, 6) for name, score in report.scores.items()},
        "findings": [_finding(inspection, index, rules) for index in range(len(report.findings))],
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
    content = "null" if inspection.content is None else inspection.content
    return f'{json.dumps(head)[:-1]}, "content": {content}, {json.dumps(tail, ensure_ascii=False)[1:]}'


def _finding(inspection: Inspection, index: int, rules: Mapping[str, Rule] | None) -> dict[str, object]:
    finding, decision = inspection.report.findings[index], inspection.decision
    body = finding_body(finding, decision.actions[index], inspection.edits.shown(finding.pointer))
    body["start"], body["end"] = _range(inspection, finding)
    if rules is not None:
        body["explanation"] = explanation(finding, decision.clauses[index], rules)
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


def _range(inspection: Inspection, finding: Finding) -> tuple[int | None, int | None]:
    if finding.span is None:
        return None, None
    return inspection.reading.wire_range(finding.pointer, finding.is_key, finding.span.start, finding.span.end)
