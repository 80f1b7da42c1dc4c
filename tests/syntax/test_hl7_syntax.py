"""HL7 v2 as it is spelled: delimiters as declared, escapes both ways, and plain text around messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.syntax.hl7 import Marks, cells, escaped, meant, segments, syntax_in

MESSAGE = "MSH|^~\\&|LAB|X\rPID|1||104^^^M^MR||DOE^JANE~ROE^J&K\r"


def said(text: str) -> list[tuple[str, int, int, int, int, str]]:
    """Return every cell of a text with its place."""
    return [
        (line.name, cell.field, cell.repetition, cell.component, cell.subcomponent, text[cell.start : cell.end])
        for line in segments(text) or ()
        for cell in cells(text, line)
    ]


def test_cells_have_their_numbers() -> None:
    """Fields, repetitions, components and sub-components count from one; a header's first field is the separator."""
    assert said(MESSAGE)[:2] == [("MSH", 3, 1, 1, 1, "LAB"), ("MSH", 4, 1, 1, 1, "X")]
    assert said(MESSAGE)[-5:] == [
        ("PID", 5, 1, 1, 1, "DOE"),
        ("PID", 5, 1, 2, 1, "JANE"),
        ("PID", 5, 2, 1, 1, "ROE"),
        ("PID", 5, 2, 2, 1, "J"),
        ("PID", 5, 2, 2, 2, "K"),
    ]


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n", "\\r", "\\n", "<CR>"])
def test_any_line_ending_ends_a_segment(ending: str) -> None:
    """Also the two characters by which a log writes one."""
    text = MESSAGE.strip().replace("\r", ending)
    assert [line.name for line in segments(text) or ()] == ["MSH", "PID"]
    assert said(text)[-1][-1] == "K"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"\x0b{MESSAGE}\x1c\r", ["MSH", "PID"]),
        (f"2026-01-02 INFO got {MESSAGE}", ["MSH", "PID"]),
        ("See below.\n\n" + MESSAGE + "\nThat was all.", ["MSH", "PID"]),
        ("PID|1||104||DOE^JANE\nPV1|1|I", ["PID", "PV1"]),
        ("MSH#*!?%#LAB\rPID#1####DOE*JANE\r", ["MSH", "PID"]),
        ("MSH|^~\\&||||\rPID|1", ["MSH", "PID"]),
    ],
)
def test_messages_are_found(text: str, names: list[str]) -> None:
    """In frames, in logs, in mails, without a header, and with delimiters of their own."""
    assert [line.name for line in segments(text) or ()] == names


@pytest.mark.parametrize(
    "text", ["", "MSH", "PID controller | loop", "PID|Name|DOB\nx|y|z", "MSHA|b", "MSH|ab|x\r", "no"]
)
def test_other_texts_are_no_messages(text: str) -> None:
    """Neither words nor a table whose first column is called PID."""
    assert segments(text) is None
    assert syntax_in(text) is None


MARKS = st.sampled_from([Marks(), Marks("#", "*!?%"), Marks("|", "^~\\"), Marks("|", "^~")])


@given(st.text(alphabet="ab|^~&\\#*!?%\n", max_size=20), MARKS)
def test_what_is_written_holds_no_delimiter_and_says_itself(text: str, marks: Marks) -> None:
    """Escaping goes back to the letter; without an escape character delimiters become blanks."""
    written = escaped(text, marks)
    assert not any(char in written for _, char in marks.coded())
    assert "\n" not in written
    if marks.escape:
        assert meant(written, marks).value == text


@given(st.text(alphabet="ab|^~&\\\r\nMSHPID10 ", max_size=80))
def test_literals_lie_apart_and_in_order(text: str) -> None:
    """Whatever the text; what stands between them is delimiters, line ends and names of segments."""
    whole = f"{MESSAGE}{text}"
    syntax = syntax_in(whole)
    assert syntax is not None
    at = 0
    for literal in syntax.literals:
        assert at <= literal.start < literal.end <= len(whole)
        at = literal.end
