"""Found once, found everywhere: which other places of a document say the same, and which only look so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.detectors.propagation import MOST, Propagation, look
from firewall.vocabulary import Finding, Origin, Segment, Severity, SkipReason, Span
from tests.cost import growth


def found(
    text: str, value: str, kind: str = "PERSON", score: float = 0.95, pointer: str = "", level: int = 1
) -> Finding:
    """Return a finding of a value in a text."""
    at = text.index(value)
    return Finding("entities", "model.entities", kind, pointer, Span(at, at + len(value)), score, Severity.HIGH,
                   Origin.TOOL_RESULT, ("owasp-llm02",), level=level)  # fmt: skip


def again(text: str, value: str, kind: str = "PERSON", score: float = 0.95) -> list[str]:
    """Return what else of a text is found when a value in it was."""
    sources = [found(text, value, kind, score)]
    report = look(sources, sources, [Segment("", Origin.TOOL_RESULT, text)])
    return [text[one.span.start : one.span.end] for one in report.findings if one.span]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("Maria Ellen Halvorsen went home", ["Maria Ellen Halvorsen"]),
        ("Halvorsen was seen", ["Halvorsen"]),
        ("Ms. Halvorsen was seen", ["Halvorsen"]),
        ("HALVORSEN was seen", ["HALVORSEN"]),
        ("M. Halvorsen and M Halvorsen", ["M. Halvorsen", "M Halvorsen"]),
        ("Halvorsen, M. and Halvorsen, Maria E.", ["Halvorsen, M.", "Halvorsen, Maria E."]),
        ("the halvorsen chart", ["halvorsen"]),
        ("Halvorsen's wife", ["Halvorsen"]),
        ("login mhalvorsen, halvorsenm, maria_halvorsen", ["mhalvorsen", "halvorsenm", "maria", "halvorsen"]),
        ("HALVORSEN^MARIA", ["HALVORSEN", "MARIA"]),
        ("Halvorsen-Lund was seen", ["Halvorsen-Lund"]),
        ("Maria said so", ["Maria"]),
        ("initials: MEH, reviewed by MH, (M.E.H.)", ["MEH", "MH", "M.E.H."]),
        ("weighed by: MH\nnoted\n/s/ MEH\nend", ["MH", "MEH"]),
        ("Halvorsens and Mariana", []),
        ("St. Maria's ward, Halvorsen Memorial Hospital", []),
        ("pH 7, M 3, E coli, the MH value", []),
        ("Halvorsen syndrome", []),
    ],
)
def test_a_name_in_all_its_forms(rest: str, expected: list[str]) -> None:
    """Parts, titles, capitals, initials and logins are the same person; longer words, houses and diseases are not."""
    assert again(f"Patient: Maria Ellen Halvorsen. {rest}", "Maria Ellen Halvorsen") == expected


@pytest.mark.parametrize(
    ("name", "rest", "expected"),
    [
        ("Grace Young", "a young man, by grace; Young patients; with Grace; Ms. Young; YOUNG, GRACE",
         ["Grace", "Young", "YOUNG, GRACE"]),
        ("John Foley", "Foley catheter, a Foley balloon catheter; Foley agreed; Dr. Foley's catheter", ["Foley", "Foley"]),
        ("Ann Parkinson", "Parkinson's disease; parkinson disease; Mrs. Parkinson has Parkinson disease", ["Parkinson"]),
        ("Tom Wilson", "Wilson's disease, Wilson test; the Wilson test came back", []),
        ("June May", "in June; on May 3; Ms. May; MAY, J.", ["May", "MAY, J."]),
        ("Ewa Georgia", "in Georgia; Ms. Georgia", ["Georgia"]),
        ("Wei Li", "Li came; LI 3; Mr. Li; with Li", ["Li", "Li"]),
        ("Al B", "B cells, al dente", []),
        ("Tomas van der Wielen", "Mr. van der Wielen; Wielen, T.", ["van der Wielen", "Wielen, T."]),
        ("Siobhán O'Brien", "Siobhan O’Brien; O'BRIEN's", ["Siobhan O’Brien", "O'BRIEN"]),
        ("Marie-Claire Dupré", "Mme Dupré; DUPRE; marie-claire", ["Dupré", "DUPRE", "marie-claire"]),
        ("Patient Name", "the patient has a name; Name", []),
        ("Lot 4711 A", "lot; Lot", []),
    ],
)  # fmt: skip
def test_names_that_are_something_else_too(name: str, rest: str, expected: list[str]) -> None:
    """A word, month, place or eponym is the person only where a title, a name or the sentence says so."""
    assert again(f"Seen: {name}. {rest}", name) == expected


@pytest.mark.parametrize(
    ("kind", "value", "rest", "expected"),
    [
        ("MEDICAL_RECORD_NUMBER", "00412377", "no. 0041-2377, 00 41 23 77; 100412377; 00412377A; v1.00412377",
         ["0041-2377", "00 41 23 77"]),
        ("US_SSN", "219-09-9999", "219099999 and 219 09 9999", ["219099999", "219 09 9999"]),
        ("PHONE_NUMBER", "617-555-0143", "(617) 555-0143, +1 617.555.0143, 555-0143",
         ["617) 555-0143", "1 617.555.0143"]),
        ("OTHER_ID", "AB-12345", "ab12345, AB/12345, AB123456, XAB-12345", ["ab12345", "AB/12345"]),
        ("EMAIL_ADDRESS", "m.h@example.org", "write to M.H@EXAMPLE.ORG.", ["M.H@EXAMPLE.ORG"]),
        ("MEDICAL_RECORD_NUMBER", "41237", "potassium 41237", []),
        ("ACCOUNT_NUMBER", "000000", "000000", []),
        ("DATE_TIME", "2024-03-05", "2024-03-05", []),
    ],
)  # fmt: skip
def test_numbers_however_they_are_grouped(kind: str, value: str, rest: str, expected: list[str]) -> None:
    """Separators do not count; longer numbers, short ones and dates are not the same."""
    assert again(f"is {value}. {rest}", value, kind) == expected


def test_what_is_found_carries_its_source_on() -> None:
    """The rule id, type and severity of the source, a capped score, and the detector's own name; in other leaves too."""
    text = "Patient: Ida Lindqvist"
    source = found(text, "Ida Lindqvist", score=0.99)
    segments = [
        Segment("", Origin.TOOL_RESULT, text),
        Segment("/Lindqvist", Origin.RESOURCE, "Lindqvist", is_key=True),
        Segment("/signed_by", Origin.TOOL_RESULT, "IL", "signed_by"),
    ]
    report = look([source], [source], segments)
    assert [(one.pointer, one.is_key, one.origin) for one in report.findings] == [
        ("/Lindqvist", True, Origin.RESOURCE),
        ("/signed_by", False, Origin.TOOL_RESULT),
    ]
    one = report.findings[0]
    assert (one.detector, one.rule_id, one.entity_type) == ("propagation", "model.entities", "PERSON")
    assert (one.score, one.severity, one.tags) == (MOST, Severity.HIGH, ("owasp-llm02", "propagated"))


@pytest.mark.parametrize("score", [0.3, 0.79])
def test_what_is_unsure_is_not_looked_for(score: float) -> None:
    """A guess is not multiplied."""
    text = "Seen: Ida Lindqvist. Lindqvist"
    report = asyncio.run(Propagation().follow([found(text, "Ida Lindqvist", score=score)],
                                              [Segment("", Origin.TOOL_RESULT, text)], None))  # fmt: skip
    assert report.findings == ()


def test_what_is_found_already_is_not_found_twice() -> None:
    """Unless the finding that stands there acts only under eager policies."""
    text = "Seen: Ida Lindqvist. Lindqvist"
    first = found(text, "Ida Lindqvist")
    for level, count in ((1, 0), (3, 1)):
        there = found(text, ". Lindqvist"[2:], level=level)
        there = Finding(**{**{name: getattr(there, name) for name in Finding.__slots__}, "span": Span(21, 30)})
        assert len(look([first], [first, there], [Segment("", Origin.TOOL_RESULT, text)]).findings) == count


def test_what_the_format_calls_nobodys_stays() -> None:
    """A code in a column of codes is no patient, whatever it spells."""
    text = "name,analyte,value\nIda Lindqvist,Sodium,140\nJon Sodium,Sodium,141\nEva Berg,Sodium,139\n"
    source = found(text, "Jon Sodium")
    segment = Segment("", Origin.TOOL_RESULT, text)
    assert look([source], [source], [segment]).findings == ()


def test_too_many_places_are_said_to_be_too_many() -> None:
    """What is not reported is not silent."""
    text = "Ida Lindqvist. " + "Lindqvist and " * 20_001
    source = found(text, "Ida Lindqvist")
    report = look([source], [source], [Segment("", Origin.TOOL_RESULT, text)])
    assert len(report.findings) == 20_000
    assert [skip.reason for skip in report.skipped] == [SkipReason.BUDGET]


@given(
    st.text(alphabet="IdaLindqvst .,'-_019@()\n", max_size=80), st.sampled_from(["PERSON", "PHONE_NUMBER", "OTHER_ID"])
)
def test_places_lie_in_the_text_and_apart_by_kind(text: str, kind: str) -> None:
    """Whatever the text, spans are inside it and nothing is raised."""
    whole = f"Ida Lindqvist 617-555-0143 AB-12345 {text}"
    value = {"PERSON": "Ida Lindqvist", "PHONE_NUMBER": "617-555-0143", "OTHER_ID": "AB-12345"}[kind]
    source = found(whole, value, kind)
    report = look([source], [source], [Segment("", Origin.TOOL_RESULT, whole)])
    ends = 0
    for one in report.findings:
        assert one.span is not None
        assert one.span.end <= len(whole)
        assert one.span.start >= ends or "propagated" in one.tags
        ends = one.span.end


def test_cost_is_linear() -> None:
    """Twice the text costs at most 2.2 times the time."""
    piece = "Seen by I. Lindqvist at noon, tel 617 555 0143, lot 4711-A; signed: IL. "

    def work(times: int) -> Callable[[], object]:
        text = "Patient: Ida Lindqvist 617-555-0143 " + piece * times
        sources = [found(text, "Ida Lindqvist"), found(text, "617-555-0143", "PHONE_NUMBER")]
        return lambda: look(sources, sources, [Segment("", Origin.TOOL_RESULT, text)])

    assert growth(work(400), work(800)) < 2.2
