"""Sections follow from the text alone, and what is read around them is wide enough."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from firewall.payload.sections import FIRST, LARGEST, Section, Sections, why_held
from firewall.payload.views import Leaves, canonical
from firewall.vocabulary import Origin, Segment
from tests.cost import growth

WIDEST = 300
WORDS = "the patient was seen today and the pump report is in notes of ward four".split()


def prose(seed: int, characters: int, *, blank: str = " ") -> str:
    """Return sentences of about a length, on lines of some length."""
    told = random.Random(seed)
    pieces: list[str] = []
    size = 0
    while size < characters:
        words = " ".join(told.choice(WORDS) for _ in range(told.randint(4, 14)))
        pieces.append(f"{words.capitalize()}.{told.choice([blank, blank, chr(10)])}")
        size += len(pieces[-1])
    return "".join(pieces)


def cut(text: str, sizes: list[int] | None = None) -> tuple[list[Section], str | None]:
    """Return all sections of a text that arrives in pieces of some sizes, or in one piece, and why the last was held."""
    sections = Sections(WIDEST)
    found: list[Section] = []

    def taken() -> None:
        while (one := sections.next()) is not None:
            found.append(one)
            sections.taken(one)

    at, turn = 0, 0
    while sizes and at < len(text):
        size = sizes[turn % len(sizes)]
        sections.add(text[at : at + size])
        taken()
        at, turn = at + size, turn + 1
    sections.add(text[at:])
    sections.gather()
    taken()
    rest = sections.rest()
    return [*found, *([rest] if rest else [])], sections.held


def of(text: str) -> Leaves:
    """Return a text as the segments of a result."""
    return Leaves([Segment("", Origin.TOOL_RESULT, text)])


@examples(max_examples=40, deadline=None)
@given(
    st.integers(0, 1 << 20),
    st.integers(0, 30_000),
    st.lists(st.integers(1, 5_000), min_size=1, max_size=6),
    st.sampled_from([" ", "   ", "\u00a0", " \u200b "]),
)
def test_sections_do_not_depend_on_pieces(seed: int, size: int, sizes: list[int], blank: str) -> None:
    """However a text is cut into pieces, it has the same sections."""
    text = prose(seed, size, blank=blank)
    assert cut(text, sizes) == cut(text)


def test_sections_follow_one_another() -> None:
    """Sections cover the text without a gap, begin behind blanks, and grow up to a limit."""
    text = prose(1, 300_000)
    found, held = cut(text)
    assert held is None
    assert [one.start for one in found] == [0, *(one.end for one in found[:-1])]
    assert found[-1].end == len(text)
    assert all(text[one.end - 1].isspace() for one in found[:-1])
    sizes = [one.end - one.start for one in found[:-1]]
    assert FIRST <= sizes[0] < 2 * FIRST
    assert LARGEST <= max(sizes) < 2 * LARGEST


@pytest.mark.parametrize("blank", [" ", "          ", "\u200b \u200b", "\n\n"])
def test_what_is_read_around_is_as_wide_as_the_widest_match(blank: str) -> None:
    """On both sides of a border more canonical characters are read than the widest match has."""
    text = prose(2, 60_000, blank=blank)
    found, _ = cut(text)
    assert len(found) > 3
    for one in found[:-1]:
        assert len(canonical(text[one.end : one.high]).text) >= WIDEST
    for one in found[1:]:
        assert len(canonical(text[one.low : one.start]).text) >= WIDEST


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"note": "' + "seen today " * 900, "format"),
        ("<p>" + "seen today " * 900, "format"),
        ("   MSH|^~\\&|LAB|" + "seen today " * 900, "format"),
        ("seen today " * 300 + "a" * 20_000, "unbroken"),
        ("seen today " * 300 + "\n" * 20_000 + "seen today " * 300, "sparse"),
        ("seen today " * 300 + "\u200b \u200b" * 20_000 + "seen today " * 300, "sparse"),
    ],
)
def test_what_is_no_prose_is_one_section(text: str, why: str) -> None:
    """A format, a run without a blank and a desert of blanks are read together with all that follows."""
    found, held = cut(text)
    assert held == why
    assert found[-1].end == len(text)
    assert cut(text, [700, 1])[0] == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Seen today. Nothing else was reported, and the pump is in order.", None),
        ("Patient: Alice Smith\nDOB: 1961-12-04\nSeen today.", None),
        ("name,dob,ssn\n" + "".join(f"Alice Smith,1961-12-{day},536-22-18{day}\n" for day in range(10, 30)), "format"),
        ('He wrote {"name": "Alice"} on the label.', "format"),
        ("He wrote <b>twice</b> about it.", "format"),
        ("From: Alice Smith <a@example.org>\nTo: Bob <b@example.org>\nSubject: pump\n\nDear Alice,\nseen.", "format"),
        ("See QWxpY2UgU21pdGggd2FzIHNlZW4gdG9kYXkgYW5kIHRoZSBwdW1wIGlzIGluIG9yZGVy in the log.", "encoded"),
    ],
)
def test_formats_and_encodings_are_held(text: str, why: str | None) -> None:
    """What means something only as a whole is held; a form's lines and prose are not."""
    assert why_held(of(text)) == why


def test_a_held_text_stays_held() -> None:
    """Once something was held, the rest is one section, with its surroundings."""
    text = prose(3, 20_000)
    sections = Sections(WIDEST)
    sections.add(text)
    sections.gather()
    first = sections.next()
    assert first is not None
    sections.taken(first)
    second = sections.next()
    assert second is not None
    sections.hold("format")
    assert sections.next() is None
    assert sections.rest() == Section(second.start, len(text), second.low, len(text))
    assert sections.held == "format"


def test_an_empty_text_has_no_section() -> None:
    """Where nothing arrived, nothing is left."""
    assert cut("") == ([], None)


@pytest.mark.parametrize("unit", ["seen today and well. ", "a", " ", "\u200b ", "e\u0301"])
def test_cost_is_linear(unit: str) -> None:
    """Twice the text in pieces of a few letters costs at most about twice the time, whatever stands in it."""
    small, large = (unit * 200_000)[:100_000], (unit * 200_000)[:200_000]
    assert growth(lambda: cut(small, [400]), lambda: cut(large, [400]), rounds=3) < 2.6
