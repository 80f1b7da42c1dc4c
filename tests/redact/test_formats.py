"""Editing a text of a format: nothing covered is left, the text parses again, and what is not covered stays to the letter."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.redact.keys import Keyring
from firewall.redact.redact import redact
from firewall.syntax.hl7 import Marks, cells, meant, segments
from firewall.vocabulary import Identity, Operator, Origin, Redaction, Segment, Span

KEYS = Keyring(bytes(range(32))).keys(Identity())
MESSAGE = "MSH|^~\\&|LAB|X\rPID|1||104^^^M^MR||DOE^JANE~ROE^J&K|a\\T\\b\rOBX|1|TX|x^y||Seen by Dr\\T\\ Doe\r"
DOCUMENT = "<note><to kind='a &amp; b'>Jane &lt;Doe&gt;</to><!-- Roe --><cc/>and <![CDATA[Ann <b>]]> so</note>"
TABLE = 'name,note,id\n"Doe, J","said ""hi""",1\nRoe,x,2\n'


def edited(text: str, *parts: str | tuple[int, int], name: str = "replace", **params: object) -> str:
    """Redact the first occurrence of each part, or the code points of a pair."""
    spans = [(text.index(one), text.index(one) + len(one)) if isinstance(one, str) else one for one in parts]
    wanted = [Redaction("", Span(*span), "KIND", Operator(name, params)) for span in spans]
    return redact(Segment("", Origin.TOOL_RESULT, text), wanted, KEYS)


@pytest.mark.parametrize(
    ("text", "part", "left"),
    [
        (MESSAGE, "DOE^JANE", MESSAGE.replace("DOE^JANE", "<KIND>^<KIND>")),
        (MESSAGE, "ROE^J&K", MESSAGE.replace("ROE^J&K", "<KIND>^<KIND>&<KIND>")),
        (MESSAGE, "T\\b", MESSAGE.replace("a\\T\\b", "a<KIND>")),
        (MESSAGE, "Dr\\T\\ Doe", MESSAGE.replace("Dr\\T\\ Doe", "<KIND>")),
        (MESSAGE, "X\rPID|1", MESSAGE.replace("|X\r", "|<KIND>\r").replace("PID|1", "PID|<KIND>")),
        (DOCUMENT, "Jane", DOCUMENT.replace("Jane", "&lt;KIND&gt;")),
        (DOCUMENT, "lt;Doe", DOCUMENT.replace("&lt;Doe", "&lt;KIND&gt;")),
        (DOCUMENT, "a &amp; b'>Jane", DOCUMENT.replace("a &amp; b", "&lt;KIND&gt;").replace("Jane", "&lt;KIND&gt;")),
        (DOCUMENT, "Roe", DOCUMENT.replace("Roe", "<KIND>")),
        (DOCUMENT, "Ann <b>", DOCUMENT.replace("Ann <b>", "<KIND>")),
        (DOCUMENT, "to kind", DOCUMENT),
        (TABLE, "Doe, J", TABLE.replace("Doe, J", "<KIND>")),
        (TABLE, 'hi"""', TABLE.replace('""hi""', '""<KIND>')),
        (TABLE, "1\nRoe", TABLE.replace("1\nRoe", "<KIND>\n<KIND>")),
        ('{"a": 1, "b": "x"}\n{"a": 4711}\n', "4711", '{"a": 1, "b": "x"}\n{"a": 0}\n'),
        ("<p>Mail <b>Jo Doe</b> at jo@doe.example</p>", "Jo Doe", "<p>Mail <b>&lt;KIND&gt;</b> at jo@doe.example</p>"),
    ],
)
def test_an_edit_is_cut_at_the_marks_of_its_format(text: str, part: str, left: str) -> None:
    """Delimiters, tags, quotes and line ends stay; what is touched of an escape goes whole."""
    assert edited(text, part) == left


def test_a_format_inside_a_format_is_kept_too() -> None:
    """A message in a JSON text, and markup in a message in it."""
    text = json.dumps([{"hl7": MESSAGE}, 4711])
    left, number = json.loads(edited(text, (0, len(text))))
    assert number == 0
    assert [line.name for line in segments(left["<KIND>"]) or ()] == ["MSH", "PID", "OBX"]
    inner = json.dumps({"doc": "<note><to>Jane Doe</to></note>"})
    assert json.loads(edited(inner, "Jane Doe")) == {"doc": "<note><to>&lt;KIND&gt;</to></note>"}


def test_an_operator_sees_what_a_literal_says() -> None:
    """Not its spelling, in any format; and what it makes is written as the format has it."""
    assert edited("<n><m>a &amp; b c</m></n>", "a &amp; b", name="mask") == "<n><m>***** c</m></n>".replace(
        "*****", "*" * 5
    )
    assert edited(MESSAGE, "a\\T\\b", name="mask") == MESSAGE.replace("a\\T\\b", "***")
    nasty = "|^~\\&<\"'>\n,"
    assert ET.fromstring(edited("<n v='a'>b</n>", "a", "b", new_value=nasty)).text == nasty
    (doe,) = (
        cell
        for line in segments(edited(MESSAGE, "DOE", new_value=nasty)) or ()
        for cell in cells(edited(MESSAGE, "DOE", new_value=nasty), line)
        if (line.name, cell.field, cell.repetition, cell.component) == ("PID", 5, 1, 1)
    )
    assert meant(edited(MESSAGE, "DOE", new_value=nasty)[doe.start : doe.end], Marks()).value == nasty


def _hl7_shape(text: str) -> list[object]:
    return [
        (line.name, [(c.field, c.repetition, c.component, c.subcomponent) for c in cells(text, line)])
        for line in segments(text) or ()
    ]


def _xml_shape(text: str) -> list[object]:
    return [(one.tag, sorted(one.keys())) for one in ET.fromstring(text).iter()]


def _csv_shape(text: str) -> list[object]:
    return [len(row) for row in csv.reader(io.StringIO(text, newline=""))]


SHAPES = {MESSAGE: _hl7_shape, DOCUMENT: _xml_shape, TABLE: _csv_shape}


@given(
    st.sampled_from(list(SHAPES)),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4),
    st.sampled_from(["replace", "mask", "hash"]),
)
@settings(max_examples=200, deadline=None)
def test_the_shape_holds_whatever_is_covered(text: str, wanted: list[tuple[float, float]], name: str) -> None:
    """Also half an escape, half a tag, several fields, and everything."""
    spans = []
    for one, other in wanted:
        low, high = sorted((int(one * (len(text) - 1)), int(other * (len(text) - 1))))
        spans.append((low, high + 1))
    result = edited(text, *spans, name=name)
    assert SHAPES[text](result) == SHAPES[text](text)
