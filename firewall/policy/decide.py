"""Every finding and every skip gets its answer; the strictest answer is the decision.

Only `max()` combines: one more finding, or one more clause, can never make a decision milder, and order means nothing.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from firewall.policy.policy import Clause, Policy
from firewall.vocabulary import Action, Call, Decision, Finding, Redaction, Report, Skipped


def reported(report: Report, policy: Policy) -> tuple[Finding, ...]:
    """Return the findings that a policy wants to hear of: those up to its detection level."""
    return tuple(finding for finding in report.findings if finding.level <= policy.detect_level)


def decide(report: Report, call: Call, policy: Policy) -> Decision:
    """Decide over a report whose findings are all reported ones. `actions[i]` answers `findings[i]`."""
    clauses = [clause for clause in policy.clauses if clause.scope.covers(call)]
    actions: list[Action] = []
    spoken: list[str | None] = []
    redactions: list[Redaction] = []
    reasons: dict[str, str] = {}
    for finding in report.findings:
        action, clause, editor = _answer(finding, clauses, policy)
        actions.append(action)
        spoken.append(clause.id if clause else None)
        if clause is None or action is Action.ALLOW:
            continue
        reasons[clause.id] = clause.reason
        if editor is not None and finding.span is not None:
            redactions.append(
                Redaction(finding.pointer, finding.span, finding.entity_type, editor.operator, finding.is_key)
            )
    overall = max(actions, default=Action.ALLOW)
    unlooked: dict[str, set[str]] = {}
    for skip in report.skipped:
        action = _skip_answer(skip, call, policy)
        overall = max(overall, action)
        if action is not Action.ALLOW:
            unlooked.setdefault(skip.reason, set()).add(skip.detector)
    for reason, detectors in unlooked.items():
        names = ", ".join(sorted(detectors))
        reasons[f"skipped-{reason}"] = f"{names} did not look at a part of the payload: {reason}"
    return Decision(
        action=overall,
        redactions=tuple(redactions),
        reasons=tuple(f"{name}: {reason}" for name, reason in sorted(reasons.items())),
        policy_id=policy.id,
        policy_version=policy.version,
        enforced=policy.enforced,
        actions=tuple(actions),
        clauses=tuple(spoken),
    )


def _answer(finding: Finding, clauses: list[Clause], policy: Policy) -> tuple[Action, Clause | None, Clause | None]:
    """Return the strictest clause with its action, and the clause whose operator edits the place.

    A redaction without a place to edit becomes a block. What goes to review is still redacted where a clause asks for
    it: the stricter clause must not bring back what the milder one took out.
    """
    if finding.level > policy.act_level:
        return Action.ALLOW, None, None
    best: Clause | None = None
    editor: Clause | None = None
    for clause in clauses:
        redacts = clause.action is Action.REDACT and editor is None
        if (redacts or best is None or clause.action > best.action) and _speaks(clause, finding):
            editor = clause if redacts else editor
            best = clause if best is None or clause.action > best.action else best
    if best is None:
        return Action.ALLOW, None, None
    if editor is not None and finding.span is None and best.action < Action.BLOCK:
        return Action.BLOCK, editor, None
    return best.action, best, editor


def _speaks(clause: Clause, finding: Finding) -> bool:
    return (
        (not clause.entity_types or finding.entity_type in clause.entity_types)
        and finding.score >= clause.min_score
        and finding.severity >= clause.min_severity
        and (not clause.detectors or finding.detector in clause.detectors)
        and (not clause.origins or finding.origin in clause.origins)
        and (not clause.tags or not clause.tags.isdisjoint(finding.tags))
        and (not clause.rules or any(fnmatchcase(finding.rule_id, glob) for glob in clause.rules))
    )


def _skip_answer(skip: Skipped, call: Call, policy: Policy) -> Action:
    answers = [
        answer.action
        for answer in policy.skip_answers
        if (not answer.reasons or skip.reason in answer.reasons) and answer.scope.covers(call)
    ]
    return max(answers, default=policy.skip_default)
