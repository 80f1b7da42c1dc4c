"""Rules as a detector: one combined RE2 automaton says which rules hit, single patterns then say where.

Linear in the length of the text. Every rule looks at the text of all leaves through its glass, and at everything that
was decoded from it; rules marked `joined` also see an order that was split over neighbouring fields.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import re2

from firewall.errors import ConfigurationError
from firewall.payload.decode import TRUNCATED
from firewall.payload.joined import Joined, join
from firewall.payload.views import canonical, decoded, raw
from firewall.rules import Rule, RuleSet, quiet
from firewall.validators import VALIDATORS
from firewall.vocabulary import Coverage, Finding, Report, Segment, Skipped, SkipReason, Span, View, ViewKind

NAME = "patterns"
MAX_FINDINGS = 20_000
_INLINE_CHARS = 4_096  # longer texts are looked at in a worker thread, so that the loop stays free
_CANARY = r"(?s:.)"  # every text satisfies it, so that a failed engine cannot pass for "nothing found"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One compiled alternative of a rule."""

    rule: Rule
    compiled: Any = field(repr=False)
    group: int


class _Engine:
    """The combined automaton of some rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        options = quiet()
        options.max_mem = 512 << 20
        self.patterns: list[_Pattern] = []
        self.set = re2.Set.SearchSet(options)
        self.set.Add(_CANARY)
        for rule in rules:
            for text in rule.any_of:
                compiled = re2.compile(text, quiet())
                self.set.Add(text)
                self.patterns.append(_Pattern(rule, compiled, compiled.groupindex.get("value", 0)))
        self.set.Compile()

    def hits(self, text: str) -> list[_Pattern] | None:
        """Return the patterns that match somewhere; None when the engine failed (the canary is missing)."""
        if not text or not self.patterns:
            return []
        indices = self.set.Match(text)
        if not indices or 0 not in indices:
            return None
        return [self.patterns[index - 1] for index in indices if index]


class PatternDetector:
    """All rules of a set over all segments of a document."""

    name = NAME

    def __init__(self, rules: RuleSet) -> None:
        """Compile; raises ConfigurationError when the set does not compile together."""
        self.rules = rules
        live = [rule for rule in rules.rules if rule.status != "deprecated"]
        by_view = {kind: [rule for rule in live if rule.view is kind] for kind in ViewKind}
        try:
            self._raw = _Engine(by_view[ViewKind.RAW])
            self._canonical = _Engine(by_view[ViewKind.CANONICAL])
            self._decoded = _Engine(by_view[ViewKind.CANONICAL] + by_view[ViewKind.DECODED])
            self._joined = _Engine(rule for rule in by_view[ViewKind.CANONICAL] if rule.joined)
        except re2.error:
            raise ConfigurationError("the rules do not compile together") from None

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Look at every segment; short documents at once, long ones in a worker thread."""
        if sum(len(segment.text) for segment in segments) <= _INLINE_CHARS:
            return self.look(segments)
        return await asyncio.to_thread(self.look, segments)

    def look(self, segments: Sequence[Segment]) -> Report:
        """The same, synchronously."""
        began = time.perf_counter()
        total = sum(len(segment.text) for segment in segments)
        sight = _Sight(segments)
        text = join(segments, context=True)
        glasses = [(self._raw, raw(text.text)), (self._canonical, canonical(text.text))]
        for view in decoded(text.text):
            if view.name == TRUNCATED:
                sight.skip(text, view, SkipReason.BUDGET)
            else:
                glasses.append((self._decoded, view))
        for engine, view in glasses:
            sight.see(engine, view, text)
        homes = [index for index, segment in enumerate(segments) if not segment.is_key]
        if len(homes) > 1:
            soft = join([segments[index] for index in homes], context=False, separator=" ")
            sight.see(self._joined, canonical(soft.text), soft, homes)
        failed = any(skip.reason is SkipReason.UNAVAILABLE for skip in sight.skipped)
        return Report(
            findings=tuple(sight.findings.values()),
            skipped=tuple(sight.skipped),
            coverage=Coverage(0 if failed else total, total),
            timings_ms={NAME: (time.perf_counter() - began) * 1e3},
        )

    def profile(self, text: str) -> dict[str, float]:
        """Return what each rule costs by itself over a text: microseconds for a KB (1,024 characters)."""
        spent: dict[str, float] = {}
        for engine in (self._raw, self._decoded):
            for pattern in engine.patterns:
                began = time.perf_counter()
                for _ in pattern.compiled.finditer(text):
                    pass
                elapsed = (time.perf_counter() - began) * 1e6 * 1024 / max(1, len(text))
                spent[pattern.rule.id] = spent.get(pattern.rule.id, 0.0) + elapsed
        return spent


class _Sight:
    """What has been seen of one document so far."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self.findings: dict[tuple[str, int, Span], Finding] = {}
        self.skipped: list[Skipped] = []

    def see(self, engine: _Engine, view: View, text: Joined, homes: Sequence[int] | None = None) -> None:
        """Look through one glass. `homes` is given for a soft join: only what crosses fields is new there."""
        hits = engine.hits(view.text)
        if hits is None:
            self.skipped.append(Skipped(NAME, "", SkipReason.UNAVAILABLE))
            return
        for pattern in hits:
            for match in pattern.compiled.finditer(view.text):
                start, end = match.span(pattern.group)
                if start >= end:
                    continue
                check = pattern.rule.validator
                if check is not None and not VALIDATORS[check](view.text[start:end]):
                    continue
                located = text.locate(*view.to_source(start, end))
                crossing = len(located) > 1
                if (crossing and not pattern.rule.joined) or (homes is not None and not crossing):
                    continue
                for index, span in located:
                    self._keep(pattern.rule, index if homes is None else homes[index], span, view, crossing)
                if len(self.findings) > MAX_FINDINGS:
                    self.skipped.append(Skipped(NAME, "", SkipReason.BUDGET))
                    return

    def skip(self, text: Joined, view: View, reason: SkipReason) -> None:
        """Name the segments that a view stands for as not looked at."""
        for index, _ in text.locate(*view.to_source(0, len(view.text))):
            self.skipped.append(Skipped(NAME, self.segments[index].pointer, reason))

    def _keep(self, rule: Rule, index: int, span: Span, view: View, crossing: bool) -> None:
        segment = self.segments[index]
        if segment.origin not in rule.origins:
            return
        disguise = () if view.name in ("raw", "canonical") else (f"decoded-{view.name}",)
        self.findings.setdefault(
            (rule.id, index, span),
            Finding(
                detector=NAME,
                rule_id=rule.id,
                entity_type=rule.entity_type,
                pointer=segment.pointer,
                span=span,
                score=rule.score,
                severity=rule.severity,
                origin=segment.origin,
                tags=rule.tags + disguise + (("joined",) if crossing else ()),
                is_key=segment.is_key,
                level=rule.level,
            ),
        )
