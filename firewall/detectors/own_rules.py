"""Rules that stand in no rule file: a policy's deny list, and those that come with one request.

They are compiled into the same detector as every rule, look through the same glasses and report as `patterns`, so that
a policy's clauses speak of them as of any rule.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from firewall.detectors.patterns import NAME, PatternDetector
from firewall.errors import InvalidRequestError
from firewall.expressions import literal, pattern_problem
from firewall.payload.joined import words
from firewall.payload.views import canonical
from firewall.policy.lists import Denied
from firewall.policy.policy import Policy
from firewall.rules import Rule, RuleSet
from firewall.vocabulary import Finding, Origin, Report, Segment, Severity, ViewKind

PATTERN_BYTES: Final = 1 << 20  # what the automaton of one pattern of a request may take
DENY, AD_HOC = "deny", "ad_hoc"
_CALLS: Final = frozenset({Origin.TOOL_CALL, Origin.TOOL_RESULT, Origin.RESOURCE})
# As Presidio has it: how much context adds, the least score with it, and how many words before a match may be it.
_BOOST: Final = 0.35
_LEAST: Final = 0.4
_WORDS_BEFORE: Final = 5
_BEFORE_CHARS: Final = 80
_WORD: Final = re.compile(r"[^\W_]++")
_NO_EXAMPLES: Final = ()


@dataclass(frozen=True, slots=True)
class AdHocRule:
    """One rule of a request: a pattern or texts, and words that make it surer where they stand before a match."""

    entity_type: str
    score: float
    pattern: str | None = field(default=None, repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)
    context: tuple[str, ...] = field(default=(), repr=False)


class OwnRules:
    """A few rules as a detector of their own. `kind` is what its time is counted under."""

    name = NAME

    def __init__(self, kind: str, rules: Sequence[Rule], context: Mapping[str, frozenset[str]] | None = None) -> None:
        """Compile; `context` are words by rule id. Raises ConfigurationError where the rules do not compile together."""
        self.kind = kind
        self.rules = {rule.id: rule for rule in rules}
        self._context = context or {}
        self.patterns = PatternDetector(RuleSet(tuple(rules), ""))

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Look at every segment as rules do."""
        report = await self.patterns.detect(segments)
        findings = report.findings
        if self._context:
            homes = {(segment.pointer, segment.is_key): segment for segment in segments}
            findings = tuple(self._weighed(one, homes[one.pointer, one.is_key]) for one in findings)
        return replace(report, findings=findings, timings_ms={self.kind: report.timings_ms.get(NAME, 0.0)})

    def context_of(self, finding: Finding, segment: Segment) -> frozenset[str]:
        """Return the context words of a finding's rule that stand before it, folded."""
        wanted = self._context.get(finding.rule_id)
        if not wanted or finding.span is None:
            return frozenset()
        before = segment.text[max(0, finding.span.start - _BEFORE_CHARS) : finding.span.start]
        near = _WORD.findall(before.casefold())[-_WORDS_BEFORE:]
        return wanted & {*near, *words(segment.field_name).split()}

    def _weighed(self, finding: Finding, segment: Segment) -> Finding:
        if not self.context_of(finding, segment):
            return finding
        return replace(finding, score=min(1.0, max(finding.score + _BOOST, _LEAST)))


def denied(policy: Policy) -> OwnRules | None:
    """Return the detector of a policy's deny list; None where it has none."""
    rules = [_deny_rule(policy.id, number, entry) for number, entry in enumerate(policy.deny, start=1)]
    return OwnRules(DENY, rules) if rules else None


def ad_hoc(rules: Sequence[AdHocRule]) -> OwnRules:
    """Return the detector of a request's rules.

    Raises InvalidRequestError with the pointer of a pattern that is not RE2, unbounded, too large, or matches nothing.
    """
    made = []
    for index, one in enumerate(rules):
        if one.pattern is not None:
            body = f"(?i){one.pattern}"
            if problem := pattern_problem(body, PATTERN_BYTES):
                raise InvalidRequestError(f"the pattern {problem}", pointer=f"/ad_hoc/{index}/pattern")
        else:
            body = f"(?i){_any_of(one.texts)}"
        made.append(_rule(f"{AD_HOC}.{index + 1}", one.entity_type, one.score, Severity.MEDIUM, body))
    context = {
        rule.id: frozenset(word.casefold() for text in one.context for word in _WORD.findall(text))
        for rule, one in zip(made, rules, strict=True)
        if one.context
    }
    return OwnRules(AD_HOC, made, context)


def _deny_rule(policy: str, number: int, entry: Denied) -> Rule:
    body = entry.pattern if entry.text is None else literal(canonical(entry.text).text if entry.fold else entry.text)
    rule = _rule(
        f"{DENY}.{policy}.{number}",
        entry.entity_type,
        entry.score,
        entry.severity,
        f"{'(?i)' if entry.fold else ''}{body}",
    )
    return replace(
        rule, where=entry.where, name="Deny list of the policy", view=rule.view if entry.fold else ViewKind.RAW
    )


def _any_of(texts: Sequence[str]) -> str:
    return "|".join(_literal(text) for text in sorted(texts, key=len, reverse=True))


@functools.lru_cache(maxsize=4_096)
def _literal(text: str) -> str:
    return literal(canonical(text).text)


def _rule(rule_id: str, entity_type: str, score: float, severity: Severity, pattern: str) -> Rule:
    return Rule(
        id=rule_id,
        name="Rule of the request",
        entity_type=entity_type,
        tags=(),
        severity=severity,
        score=score,
        level=1,
        status="stable",
        view=ViewKind.CANONICAL,
        origins=_CALLS,
        joined=False,
        any_of=(pattern,),
        validator=None,
        examples=_NO_EXAMPLES,
        negative_examples=_NO_EXAMPLES,
        where="the request",
    )
