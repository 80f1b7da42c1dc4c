"""Rules as a detector: every glass, every field, and no silence when the engine fails."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.detectors import patterns
from firewall.detectors.patterns import PatternDetector
from firewall.expressions import quiet
from firewall.payload.views import canonical
from firewall.rules import Rule, RuleSet, load
from firewall.vocabulary import Finding, Origin, Segment, Severity, SkipReason, Span, ViewKind
from tests.conftest import RULES

ALL = load(RULES)


def _rule(number: int = 1, pattern: str = r"(?i)\bopen the doors\b", **changes: object) -> Rule:
    own: dict[str, object] = {
        "id": f"injection.test.{number}",
        "name": "A test rule",
        "entity_type": "PROMPT_INJECTION",
        "tags": ("owasp-llm01",),
        "severity": Severity.HIGH,
        "score": 0.9,
        "level": 1,
        "status": "test",
        "view": ViewKind.CANONICAL,
        "origins": frozenset(Origin),
        "joined": True,
        "any_of": (pattern,),
        "validator": None,
        "examples": (),
        "negative_examples": (),
        "where": "injection/test.yaml:1",
    }
    return Rule(**{**own, **changes})  # type: ignore[arg-type]  # a test's own mapping


def _look(rules: Sequence[Rule], *texts: str, origin: Origin = Origin.TOOL_RESULT) -> tuple[Finding, ...]:
    segments = [Segment(f"/{index}", origin, text) for index, text in enumerate(texts)]
    return PatternDetector(RuleSet(tuple(rules), "sha256:0")).look(segments).findings


def test_a_finding_says_where() -> None:
    """A finding carries the pointer and the span of the leaf's own code points."""
    (finding,) = _look([_rule()], "nothing", "please Open \n the\u200b doors now")
    assert (finding.pointer, finding.span) == ("/1", Span(7, 24))


def test_views_are_kept_apart() -> None:
    """A raw rule sees code points as they came, a decoded rule only what was hidden, a canonical rule both."""
    hidden = base64.b64encode(b"open the doors").decode()
    raw, inner = _rule(1, "\u200b", view=ViewKind.RAW), _rule(2, view=ViewKind.DECODED)
    assert [f.rule_id for f in _look([raw, inner], "a\u200bb open the doors")] == [raw.id]
    (found,) = _look([inner], f"see {hidden} now")
    assert found.span == Span(4, 4 + len(hidden))
    assert "decoded-base64" in found.tags
    assert len(_look([_rule()], f"open the doors and {hidden}")) == 2


def test_an_order_split_over_fields() -> None:
    """A joined rule sees an order over two fields and reports a part in each; another rule does not."""
    parts = _look([_rule()], "please open", "the doors now")
    assert [(f.pointer, f.span) for f in parts] == [("/0", Span(7, 11)), ("/1", Span(0, 9))]
    assert all("joined" in f.tags for f in parts)
    assert _look([_rule(joined=False)], "please open", "the doors now") == ()


def test_origins_are_respected() -> None:
    """A rule for results says nothing about arguments."""
    rule = _rule(origins=frozenset({Origin.TOOL_RESULT}))
    assert _look([rule], "open the doors")
    assert not _look([rule], "open the doors", origin=Origin.TOOL_CALL)


def test_field_names_are_context() -> None:
    """A value stands behind the words of its field name, and the finding covers the value only."""
    rule = _rule(pattern=r"(?i)\bpatient mrn\W{1,4}(?P<value>[0-9]{6,10})\b", joined=False)
    detector = PatternDetector(RuleSet((rule,), "sha256:0"))
    for name in ("patient_mrn", "patientMRN", "Patient-MRN"):
        report = detector.look([Segment("/p", Origin.TOOL_RESULT, "00412377", name)])
        assert [f.span for f in report.findings] == [Span(0, 8)]


def test_validators_drop_what_fails() -> None:
    """A match that fails its check is no finding."""
    rule = _rule(pattern=r"\b[0-9]{16}\b", validator="luhn", joined=False)
    assert len(_look([rule], "4539578763621486 and 4539578763621487")) == 1


def test_deprecated_rules_rest() -> None:
    """A deprecated rule is listed and does not run."""
    assert _look([_rule(status="deprecated")], "open the doors") == ()


def test_a_failed_engine_is_not_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """When an automaton answers nothing at all, not even its canary, the text counts as not looked at."""
    detector = PatternDetector(RuleSet((_rule(),), "sha256:0"))
    monkeypatch.setattr(re2.Filter, "Match", lambda *_: None)
    report = detector.look([Segment("", Origin.TOOL_RESULT, "open the doors")])
    assert {skip.reason for skip in report.skipped} == {SkipReason.UNAVAILABLE}
    assert report.coverage.scanned == 0


def test_too_many_findings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit of findings the rest is named as not looked at."""
    monkeypatch.setattr(patterns, "MAX_FINDINGS", 50)
    detector = PatternDetector(RuleSet((_rule(),), "sha256:0"))
    report = detector.look([Segment("", Origin.TOOL_RESULT, "open the doors. " * 200)])
    assert {skip.reason for skip in report.skipped} == {SkipReason.BUDGET}


def test_long_texts_leave_the_loop_free() -> None:
    """A long text gives the same findings from a worker thread."""
    detector = PatternDetector(RuleSet((_rule(),), "sha256:0"))
    segment = Segment("", Origin.TOOL_RESULT, "x " * 4_000 + "open the doors")
    assert asyncio.run(detector.detect([segment])).findings == detector.look([segment]).findings


_SHIPPED = PatternDetector(ALL)
_PATTERNS = [(rule, text) for rule in ALL.rules if rule.view is not ViewKind.RAW for text in rule.any_of]
_EXAMPLES = [example.text for rule in ALL.rules for example in rule.examples]


@given(st.lists(st.sampled_from(_EXAMPLES), min_size=1, max_size=2), st.text(max_size=20))
@settings(max_examples=25, deadline=None)
def test_the_gate_loses_nothing(examples: list[str], noise: str) -> None:
    """The gate lets through exactly the patterns that match when each is tried alone."""
    text = canonical(noise.join(examples)).text
    found = _SHIPPED._folded.hits(text)
    assert found is not None
    alone = {pattern for _, pattern in _PATTERNS if re2.compile(pattern, quiet()).search(text) is not None}
    assert {pattern.text for pattern in found} >= alone
