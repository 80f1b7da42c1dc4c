"""Every finding and every skip gets its answer; the strictest answer is the decision.

Only `max()` combines: one more finding, or one more clause, can never make a decision milder, and order means nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from firewall.policy.policy import Clause, Policy
from firewall.vocabulary import Action, Call, Decision, Finding, Redaction, Report, Skipped, Span

_EXCISE = "excise"
_LEFT = "excise-left: what is left once the passage is cut out still reaches the threshold of the policy"


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
        redactions=tuple(_with_passages(redactions, report.findings, clauses, policy)),
        reasons=tuple(f"{name}: {reason}" for name, reason in sorted(reasons.items())),
        policy_id=policy.id,
        policy_version=policy.version,
        enforced=policy.enforced,
        actions=tuple(actions),
        clauses=tuple(spoken),
    )


def why(finding: Finding, action: Action, clause: str | None, call: Call, policy: Policy) -> str:
    """Say in a sentence why a finding was answered as it was."""
    clauses = [one for one in policy.clauses if one.scope.covers(call)]
    spoken = next((one for one in clauses if one.id == clause), None)
    if spoken is not None:
        return f"{spoken.id}: {spoken.reason}"
    if action is Action.ALLOW and finding.level > policy.act_level:
        return f"its rule's level {finding.level} is over the policy's act_level {policy.act_level}"
    near = next((one for one in clauses if _speaks(one, finding, sure=False)), None)
    if near is None:
        return "no clause of the policy speaks of it in such a call"
    if finding.score < near.min_score:
        return f"its score {finding.score:.2f} is below {near.min_score} of {near.id}"
    return f"its severity is below {near.min_severity.name.lower()} of {near.id}"


def excises(decision: Decision) -> bool:
    """Tell whether a decision cuts passages out, so that what is left has to be looked at again."""
    return any(redaction.operator.name == _EXCISE for redaction in decision.redactions)


def cuts_out(call: Call, policy: Policy) -> bool:
    """Tell whether a policy may cut passages out of a call, so that all that is left has to be looked at again."""
    return any(_cuts(clause) and clause.scope.covers(call) for clause in policy.clauses)


def excising(call: Call, policy: Policy) -> frozenset[str] | None:
    """Return the detectors whose findings a policy may excise in a call; None where it may be those of any."""
    cutters = [clause for clause in policy.clauses if _cuts(clause) and clause.scope.covers(call)]
    if any(not clause.detectors for clause in cutters):
        return None
    return frozenset(name for clause in cutters for name in clause.detectors)


def decide_again(decision: Decision, left: Report, call: Call, policy: Policy) -> Decision:
    """Decide over what was seen in a content from which passages were cut: if more should go, nothing passes.

    The action is the stricter of both; what a second cut would take is a sign that the first was not the whole of it.
    """
    second = decide(replace(left, findings=reported(left, policy)), call, policy)
    if excises(second):
        return replace(decision, action=Action.BLOCK, reasons=tuple(sorted({*decision.reasons, _LEFT})))
    if second.action <= decision.action:
        return decision
    return replace(decision, action=second.action, reasons=tuple(sorted({*decision.reasons, *second.reasons})))


def _cuts(clause: Clause) -> bool:
    return clause.action is Action.REDACT and clause.operator.name == _EXCISE


def _with_passages(
    redactions: Sequence[Redaction], findings: Sequence[Finding], clauses: Sequence[Clause], policy: Policy
) -> list[Redaction]:
    """Let each cut take along the passages that it overlaps and that the policy would cut were they surer.

    A rule finds a phrase, the classifier the passage around it, sometimes with too low a score to act alone.
    """
    if not any(redaction.operator.name == _EXCISE for redaction in redactions):
        return list(redactions)
    cut: dict[tuple[str, bool], list[Span]] = defaultdict(list)
    for redaction in redactions:
        if redaction.operator.name == _EXCISE:
            cut[redaction.pointer, redaction.is_key].append(redaction.span)
    for place, spans in cut.items():
        cut[place] = _apart(spans)
    known = {(redaction.pointer, redaction.is_key, redaction.span) for redaction in redactions}
    more: list[Redaction] = []
    for finding in findings:
        span, spans = finding.span, cut.get((finding.pointer, finding.is_key), [])
        if span is None or finding.level > policy.act_level or (finding.pointer, finding.is_key, span) in known:
            continue
        before = bisect_left(spans, span.end, key=lambda one: one.start) - 1
        if before >= 0 and spans[before].overlaps(span):
            clause = next((one for one in clauses if _cuts(one) and _speaks(one, finding, sure=False)), None)
            if clause is not None:
                more.append(Redaction(finding.pointer, span, finding.entity_type, clause.operator, finding.is_key))
    return [*redactions, *more]


def _apart(spans: Sequence[Span]) -> list[Span]:
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


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


def _speaks(clause: Clause, finding: Finding, *, sure: bool = True) -> bool:
    """Tell whether a clause is about a finding and, where it has to be `sure`, the finding reaches its thresholds."""
    return (
        (not clause.entity_types or finding.entity_type in clause.entity_types)
        and (not sure or (finding.score >= clause.min_score and finding.severity >= clause.min_severity))
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
