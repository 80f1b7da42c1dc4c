"""Rules as a detector: a gate says which rules hit, single patterns then say where.

Linear in the length of the text. Every rule looks at the text of all leaves through its glass, and at everything that
was decoded from it; rules marked `joined` also see an order that was split over neighbouring fields.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import re2

from firewall.detectors.trace import NOBODYS, Trace
from firewall.errors import ConfigurationError
from firewall.expressions import quiet
from firewall.payload.decode import TRUNCATED
from firewall.payload.dialects.field import Field
from firewall.payload.joined import SEPARATOR, Joined, join
from firewall.payload.structure import known, parts
from firewall.payload.views import canonical, decoded, raw
from firewall.rules import Rule, RuleSet
from firewall.validators import CHECK_DIGITS, VALIDATORS
from firewall.vocabulary import Coverage, Finding, Origin, Report, Segment, Skipped, SkipReason, Span, View, ViewKind

NAME = "patterns"
MAX_FINDINGS = 20_000
_INLINE_CHARS = 4_096  # longer texts are looked at in a worker thread, so that the loop stays free
_SMALL_SET = 8
_LABEL = 3  # characters that a pattern matched before its value: it has read a label
_UNKNOWN = "form:other"
_CANARY = "firewallcanaryword"  # stands behind every text: an engine that does not report it has failed
# Everything that a pattern without a telling word could ask for: single characters and pairs of digits and marks.
_TRIVIAL = " ".join(
    [*map(chr, range(33, 127)), *(first + second for first in "0123456789-/.: " for second in "0123456789-/.: ")]
)


class _Pattern:
    """One alternative of a rule, compiled when it is first needed: few of a set ever hit."""

    __slots__ = ("_compiled", "_group", "number", "rule", "text")

    def __init__(self, rule: Rule, text: str, number: int) -> None:
        self.rule = rule
        self.number = number
        self.text = text
        self._compiled: Any = None
        self._group = 0

    def spans(self, text: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Yield where the pattern's value stands, and where all that matched does, left to right."""
        if self._compiled is None:
            compiled = re2.compile(self.text, quiet())
            self._group = compiled.groupindex.get("value", 0)
            self._compiled = compiled
        for match in self._compiled.finditer(text):
            start, end = match.span(self._group)
            if start < end:
                yield (start, end), match.span()


class _Engine:
    """The gate in front of some patterns.

    One automaton of everything is fast only on text that it has seen: it remembers in its states which patterns have
    matched so far, and new text makes new states (19 ms a KB were measured for 613 patterns). So patterns that need a
    telling word stand behind RE2's filter of required literals, and the few that do not (digits with marks between them)
    in sets too small to multiply.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        patterns = [_Pattern(rule, text, number) for rule in rules for number, text in enumerate(rule.any_of, start=1)]
        self.empty = not patterns
        if self.empty:
            return
        self._telling = [pattern for pattern in patterns if _needs_a_word(pattern.text)]
        self._filter = _filter(self._telling)
        plain = [pattern for pattern in patterns if not _needs_a_word(pattern.text)]
        self._sets = [
            (_set(group), group) for group in (plain[at : at + _SMALL_SET] for at in range(0, len(plain), _SMALL_SET))
        ]

    def hits(self, text: str) -> list[_Pattern] | None:
        """Return the patterns that match somewhere; None when an engine failed (its canary is missing)."""
        if self.empty:
            return []
        text = f"{text}{SEPARATOR}{_CANARY}"
        found: list[_Pattern] = []
        for engine, patterns in ((self._filter, self._telling), *self._sets):
            indices = engine.Match(text)
            if not indices or indices[-1] != len(patterns):
                return None
            found += [patterns[index] for index in indices[:-1]]
        return found


@functools.lru_cache(maxsize=8_192)  # a hot reload meets the same patterns again
def _needs_a_word(pattern: str) -> bool:
    """Tell whether a match of a pattern must hold a literal that is more than a character or a pair of digits."""
    alone = re2.Filter()
    alone.Add(pattern, quiet())
    alone.Compile()
    return not alone.Match(_TRIVIAL, potential=True)


def _filter(patterns: Sequence[_Pattern]) -> Any:
    """Return a filter over patterns and, last, the canary. A match needs the literals first, so it is quick to refuse."""
    made = re2.Filter()
    for pattern in patterns:
        made.Add(pattern.text, quiet())
    made.Add(_CANARY, quiet())
    made.Compile()
    return made


def _set(patterns: Sequence[_Pattern]) -> Any:
    """Return one automaton over a few patterns and, last, the canary."""
    made = re2.Set.SearchSet(quiet())
    for pattern in patterns:
        made.Add(pattern.text)
    made.Add(_CANARY)
    made.Compile()
    return made


class PatternDetector:
    """All rules of a set over all segments of a document."""

    name = NAME

    def __init__(self, rules: RuleSet) -> None:
        """Compile; raises ConfigurationError when the set does not compile together."""
        self.rules = rules
        live = [rule for rule in rules.rules if rule.status != "deprecated"]
        try:
            self._raw = _Engine(rule for rule in live if rule.view is ViewKind.RAW)
            self._folded = _Engine(rule for rule in live if rule.view is not ViewKind.RAW)
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
        sight = self._seen(_Sight(segments))
        total = sum(len(segment.text) for segment in segments)
        failed = any(skip.reason is SkipReason.UNAVAILABLE for skip in sight.skipped)
        return Report(
            findings=tuple(sight.findings.values()),
            skipped=tuple(sight.skipped),
            coverage=Coverage(0 if failed else total, total),
            timings_ms={NAME: (time.perf_counter() - began) * 1e3},
        )

    def traces(self, segments: Sequence[Segment]) -> list[Trace]:
        """Look once more, and say of each match how it came about, also of those that are no finding."""
        traces: list[Trace] = []
        self._seen(_Sight(segments, traces))
        return traces

    def _seen(self, sight: _Sight) -> _Sight:
        """Look through every glass."""
        segments = sight.segments
        text = join(segments, context=True)
        sight.see(self._raw, raw(text.text), text)
        sight.see(self._folded, canonical(text.text), text)
        for view in decoded(text.text):
            if view.name == TRUNCATED:
                sight.skip(text, view, SkipReason.BUDGET)
            else:
                sight.see(self._folded, view, text)
        homes = [index for index, segment in enumerate(segments) if not segment.is_key]
        if len(homes) > 1:
            soft = join([segments[index] for index in homes], context=False, separator=" ")
            sight.see(self._folded, canonical(soft.text), soft, homes)
        return sight

    def profile(self, text: str) -> dict[str, float]:
        """Return what each rule costs by itself over a text: microseconds for a KB (1,024 characters)."""
        spent: dict[str, float] = {}
        for rule in self.rules.rules:
            for pattern in (_Pattern(rule, one, 0) for one in rule.any_of):
                next(pattern.spans(text[:64]), None)
                began = time.perf_counter()
                for _ in pattern.spans(text):
                    pass
                elapsed = (time.perf_counter() - began) * 1e6 * 1024 / max(1, len(text))
                spent[rule.id] = spent.get(rule.id, 0.0) + elapsed
        return spent


def _goes_by_looks(rule: Rule) -> bool:
    """Tell whether a rule knows an identifier by its looks alone, so that a code may look like one.

    What has check digits that are right, or the sign of an e-mail address, is one wherever it stands.
    """
    return rule.family == "identifiers" and rule.validator not in CHECK_DIGITS and rule.entity_type != "EMAIL_ADDRESS"


class _Sight:
    """What has been seen of one document so far."""

    def __init__(self, segments: Sequence[Segment], traces: list[Trace] | None = None) -> None:
        self.segments = segments
        self.traces = traces
        self.findings: dict[tuple[str, int, Span], Finding] = {}
        self.skipped: list[Skipped] = []

    def see(self, engine: _Engine, view: View, text: Joined, homes: Sequence[int] | None = None) -> None:
        """Look through one glass. `homes` is given for a soft join: only what crosses fields is new there."""
        hits = engine.hits(view.text)
        if hits is None:
            self.skipped.append(Skipped(NAME, "", SkipReason.UNAVAILABLE))
            return
        plain = view.name in ("raw", "canonical")
        for pattern in hits:
            rule = pattern.rule
            if (rule.view is ViewKind.DECODED and plain) or (homes is not None and not rule.joined):
                continue
            check = VALIDATORS[rule.validator] if rule.validator else None
            for (start, end), matched in pattern.spans(view.text):
                if check is not None and not check(view.text[start:end]):
                    continue
                located = text.locate(*view.to_source(start, end))
                crossing = len(located) > 1
                if (crossing and not rule.joined) or (homes is not None and not crossing):
                    continue
                for index, span in located:
                    labelled = start - matched[0] >= _LABEL
                    self._keep(rule, index if homes is None else homes[index], span, view, crossing, labelled)
                    if self.traces is not None:
                        self._trace(pattern, index, span, view, text, matched, homes, labelled)
                if len(self.findings) > MAX_FINDINGS:
                    self.skipped.append(Skipped(NAME, "", SkipReason.BUDGET))
                    return

    @functools.cached_property
    def told(self) -> Sequence[Sequence[Field]]:
        """What formats say of each segment; asked only where a rule that goes by looks has hit."""
        return known(self.segments)

    def skip(self, text: Joined, view: View, reason: SkipReason) -> None:
        """Name the segments that a view stands for as not looked at."""
        for index, _ in text.locate(*view.to_source(0, len(view.text))):
            self.skipped.append(Skipped(NAME, self.segments[index].pointer, reason))

    def _trace(
        self,
        pattern: _Pattern,
        index: int,
        span: Span,
        view: View,
        text: Joined,
        matched: tuple[int, int],
        homes: Sequence[int] | None,
        labelled: bool,
    ) -> None:
        """Say how the match came about that was kept, or dropped, last."""
        home = index if homes is None else homes[index]
        segment = self.segments[home]
        parts_of = self._parts(pattern.rule, home, span, labelled)
        around = [one for at, one in text.locate(*view.to_source(*matched)) if at == index]
        self.traces = [] if self.traces is None else self.traces
        self.traces.append(
            Trace(
                detector=NAME,
                rule_id=pattern.rule.id,
                entity_type=pattern.rule.entity_type,
                pointer=segment.pointer,
                is_key=segment.is_key,
                span=span,
                score=pattern.rule.score,
                view=view.name,
                alternative=pattern.number,
                alternatives=len(pattern.rule.any_of),
                matched=around[0] if around else span,
                dropped=""
                if any((pattern.rule.id, home, part) in self.findings for part in parts_of)
                else ("origin" if parts_of else NOBODYS),
            )
        )

    def _parts(self, rule: Rule, index: int, span: Span, labelled: bool) -> list[Span]:
        """Return what a match covers; a rule that goes by looks does not reach from one field into another.

        A label that a rule knows says more than that a form's reader does not know it.
        """
        if not _goes_by_looks(rule):
            return [span]
        told = self.told[index]
        if labelled:
            told = [one for one in told if one.entity_type or one.meaning != _UNKNOWN]
        return (
            [Span(*part) for part in parts(self.segments[index].text, told, span.start, span.end)] if told else [span]
        )

    def _keep(self, rule: Rule, index: int, span: Span, view: View, crossing: bool, labelled: bool) -> None:
        segment = self.segments[index]
        # A user's prompt comes as an argument, and what gives orders there is told by the same rules.
        origin = Origin.TOOL_CALL if segment.origin is Origin.USER_PROMPT else segment.origin
        if origin not in rule.origins:
            return
        disguise = () if view.name in ("raw", "canonical") else (f"decoded-{view.name}",)
        for part in self._parts(rule, index, span, labelled):
            self.findings.setdefault(
                (rule.id, index, part),
                Finding(
                    detector=NAME,
                    rule_id=rule.id,
                    entity_type=rule.entity_type,
                    pointer=segment.pointer,
                    span=part,
                    score=rule.score,
                    severity=rule.severity,
                    origin=segment.origin,
                    tags=rule.tags + disguise + (("joined",) if crossing else ()),
                    is_key=segment.is_key,
                    level=rule.level,
                ),
            )
