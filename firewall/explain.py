"""Why an inspection ended as it did: each finding with what saw it, through which glass, and what the policy made of it.

The detectors are asked once more, because what they found on the road carries no more than it must; models answer from
their memory where they have one. Nothing here holds text but the words that a caller's own rules named: places only, so
that a caller may be told all of it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firewall.detectors.own_rules import OwnRules
from firewall.detectors.trace import Trace
from firewall.following import OVER_LEVEL, Dropped
from firewall.inference.verdicts import on_behalf_of
from firewall.pipeline import Inspection
from firewall.policy.decide import why
from firewall.rules import Rule
from firewall.vocabulary import Action, Detector, Finding, Segment, Span

Place = tuple[str, str, str, bool, Span | None]


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding and how it came about. `action` is None where the policy never heard of it; `why` is a sentence.

    `context` are, of the words that a rule of the request names, those that counted.
    """

    detector: str
    rule_id: str
    entity_type: str
    pointer: str
    is_key: bool
    span: Span | None
    score: float
    action: Action | None
    clause: str | None
    why: str
    rule: Rule | None = None
    trace: Trace | None = None
    context: tuple[str, ...] = ()


async def explain(inspection: Inspection) -> list[Explained]:
    """Explain every finding of an inspection in its order, then what was dropped before the policy heard of it.

    A detector that fails this time leaves its findings without a trace.
    """
    course, report, decision = inspection.course, inspection.report, inspection.decision
    segments = inspection.reading.segments
    with on_behalf_of(course.call.identity.tenant):
        asked = await asyncio.gather(*(_traces(detector, segments) for detector in course.detectors))
    traces = [one for some in asked for one in some]
    by_place = {_place(one): one for one in reversed(traces)}
    rules = {rule.id: rule for rule in course.rules}
    homes = {(segment.pointer, segment.is_key): segment for segment in segments}
    told = []
    for finding, action, clause in zip(report.findings, decision.actions, decision.clauses, strict=True):
        reason = why(finding, action, clause, course.call, course.policy)
        context = _context(course.detectors, finding, homes)
        trace = by_place.get(_place(finding)) or _touching(finding, traces)
        told.append(_explained(finding, action, clause, reason, rules, trace, context))
    for dropped in inspection.dropped:
        trace = by_place.get(_place(dropped.finding))
        told.append(_explained(dropped.finding, None, None, _why_dropped(dropped, inspection), rules, trace))
    return told + [_nobodys(one, rules) for one in traces if one.dropped]


async def _traces(detector: Detector, segments: Sequence[Segment]) -> list[Trace]:
    """Ask a detector how its findings come about; one that cannot say, or fails, says nothing."""
    ask = getattr(detector.patterns if isinstance(detector, OwnRules) else detector, "traces", None)
    if ask is None:
        return []
    try:
        if inspect.iscoroutinefunction(ask):
            found: list[Trace] = await ask(segments)
        else:
            found = await asyncio.to_thread(ask, segments)
    except Exception:  # noqa: BLE001 - the decision stands without its explanation
        return []
    return found


def _place(one: Finding | Trace) -> Place:
    return one.detector, one.rule_id, one.pointer, one.is_key, one.span


def _touching(finding: Finding, traces: Sequence[Trace]) -> Trace | None:
    """Return what marked tokens inside a finding that was grown over them."""
    for one in traces:
        same = (one.rule_id, one.pointer, one.is_key) == (finding.rule_id, finding.pointer, finding.is_key)
        if same and one.detector == finding.detector and finding.span is not None and one.span.overlaps(finding.span):
            return one
    return None


def _context(
    detectors: Sequence[Detector], finding: Finding, homes: Mapping[tuple[str, bool], Segment]
) -> tuple[str, ...]:
    for detector in detectors:
        if isinstance(detector, OwnRules) and finding.rule_id in detector.rules:
            return tuple(sorted(detector.context_of(finding, homes[finding.pointer, finding.is_key])))
    return ()


def _why_dropped(dropped: Dropped, inspection: Inspection) -> str:
    if dropped.why == OVER_LEVEL:
        most = inspection.course.policy.detect_level
        return f"its rule's level {dropped.finding.level} is over the policy's detect_level {most}"
    return f"the policy's allow list spares it: {dropped.why}"


def _explained(
    finding: Finding,
    action: Action | None,
    clause: str | None,
    reason: str,
    rules: Mapping[str, Rule],
    trace: Trace | None,
    context: tuple[str, ...] = (),
) -> Explained:
    return Explained(
        finding.detector,
        finding.rule_id,
        finding.entity_type,
        finding.pointer,
        finding.is_key,
        finding.span,
        finding.score,
        action,
        clause,
        reason,
        rules.get(finding.rule_id),
        trace,
        context,
    )


def _nobodys(trace: Trace, rules: Mapping[str, Rule]) -> Explained:
    """Return what a detector saw and did not report."""
    return Explained(
        trace.detector,
        trace.rule_id,
        trace.entity_type,
        trace.pointer,
        trace.is_key,
        trace.span,
        trace.score,
        None,
        None,
        trace.dropped,
        rules.get(trace.rule_id),
        trace,
    )
