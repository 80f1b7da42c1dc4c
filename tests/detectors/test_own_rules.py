"""Rules of policies and of requests: found as rules are, bounded, and surer with their context."""

from __future__ import annotations

import asyncio

import pytest

from firewall.detectors.own_rules import AdHocRule, OwnRules, ad_hoc, denied
from firewall.errors import InvalidRequestError
from firewall.policy.lists import Denied
from firewall.policy.policy import load
from firewall.vocabulary import Finding, Origin, Segment, Severity
from tests.conftest import RULES


def findings(detector: OwnRules, *texts: str, field_name: str = "") -> list[Finding]:
    """Return what a detector sees in some leaves."""
    segments = [Segment(f"/{at}", Origin.TOOL_RESULT, text, field_name) for at, text in enumerate(texts)]
    return list(asyncio.run(detector.detect(segments)).findings)


def places(text: str, detector: OwnRules) -> list[str]:
    """Return the texts that a detector finds."""
    return [text[one.span.start : one.span.end] for one in findings(detector, text) if one.span]


def test_texts_are_found_as_words_through_every_disguise() -> None:
    """In any case and white space, not inside other words, and behind invisible characters."""
    detector = ad_hoc([AdHocRule("OTHER_ID", 0.8, texts=("Blue Bird", "Blue Bird Two", "c++ team"))])
    assert places("a BLUE  bird, blue\u200b bird; Bluebird, blue birds; the C++ team", detector) == [
        "BLUE  bird",
        "blue\u200b bird",
        "C++ team",
    ]
    assert places("blue bird two", detector) == ["blue bird two"]


def test_context_makes_a_match_surer() -> None:
    """As Presidio has it: 0.35 more and 0.4 at least, for a word among the five before, or in the field's name."""
    detector = ad_hoc([AdHocRule("OTHER_ID", 0.02, pattern="[0-9]{4}", context=("badge number",))])
    text = "badge 4711, and then a lot of other words 4712"
    assert [round(one.score, 2) for one in findings(detector, text)] == [0.4, 0.02]
    assert [round(one.score, 2) for one in findings(detector, "4711", field_name="badgeNo")] == [0.4]
    sure = ad_hoc([AdHocRule("OTHER_ID", 0.9, pattern="[0-9]{4}", context=("badge",))])
    assert [one.score for one in findings(sure, "badge 4711")] == [1.0]


@pytest.mark.parametrize("pattern", ["a+", "(a", "a{0,3}", r"(?:\pL{1,900}\pN{1,900}){1,900}", r"(a)\1", "(?=a)b"])
def test_a_pattern_that_could_cost_too_much_is_refused_with_its_place(pattern: str) -> None:
    """Unbounded, not RE2, too large or empty; the pattern is not shown."""
    with pytest.raises(InvalidRequestError) as caught:
        ad_hoc([AdHocRule("OTHER_ID", 0.8, texts=("fine",)), AdHocRule("OTHER_ID", 0.8, pattern=pattern)])
    assert caught.value.pointer == "/ad_hoc/1/pattern"
    assert pattern not in caught.value.detail


def test_a_deny_list_is_found_with_its_type_score_and_line() -> None:
    """A text in any case, one as it is written, and a pattern; a policy without one has no detector."""
    from dataclasses import replace

    plain = load(RULES).policies["default"]
    assert denied(plain) is None
    entries = (
        Denied("Project Bluebird", None, True, "OTHER_ID", 0.7, Severity.LOW, "policies/default.yaml:3"),
        Denied("Falcon", None, False, "PERSON", 1.0, Severity.HIGH, "policies/default.yaml:4"),
        Denied(None, "ward [0-9]{1,2}", True, "LOCATION", 1.0, Severity.HIGH, "policies/default.yaml:5"),
    )
    detector = denied(replace(plain, deny=entries))
    assert detector is not None
    text = "project  bluebird; FALCON; Falcon; Ward 7"
    assert sorted(places(text, detector)) == ["Falcon", "Ward 7", "project  bluebird"]
    told = {one.rule_id: one for one in findings(detector, text)}
    assert {name: (one.entity_type, one.score, one.severity, one.detector) for name, one in told.items()} == {
        "deny.default.1": ("OTHER_ID", 0.7, Severity.LOW, "patterns"),
        "deny.default.2": ("PERSON", 1.0, Severity.HIGH, "patterns"),
        "deny.default.3": ("LOCATION", 1.0, Severity.HIGH, "patterns"),
    }
    assert detector.rules["deny.default.2"].where == "policies/default.yaml:4"
