"""Each text has at most one format, and asking costs linear time."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.syntax import delimited
from firewall.syntax.delimited import DelimitedText
from firewall.syntax.hl7 import Hl7Text
from firewall.syntax.json_text import JsonText
from firewall.syntax.markup import MarkupText
from firewall.syntax.recognise import recognise
from tests.cost import growth

CELLS = st.text(alphabet=st.sampled_from('ab ,;"\né|'), max_size=6)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"a": [1, "x"]}', JsonText),
        ('{"a": 1}\n{"a": 2}\n', JsonText),
        ("MSH|^~\\&|A\rPID|1||2", Hl7Text),
        ("<a><b>x</b></a>", MarkupText),
        ("<p>x</p>", MarkupText),
        ("name,dob,note\nDoe,1980,ok\n", DelimitedText),
        ("name\tdob\nDoe\t1980\nRoe\t1970\n", DelimitedText),
        ("| a | b |\n|---|---|\n| c | d |\n", DelimitedText),
        ("Dear John, thank you.\nBest, Ann", type(None)),
        ("Boston, MA, USA\nSalem, MA, USA\n", type(None)),
        ("[see note] 4711", type(None)),
        ("plain", type(None)),
    ],
)
def test_a_text_has_its_format(text: str, kind: type) -> None:
    """Prose has none."""
    assert isinstance(recognise(text), kind)


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=5),
    st.sampled_from(["\t", ";", "|"]),
    st.text(alphabet='x",;\t|\r\n', max_size=6),
)
def test_a_table_keeps_its_cells_whatever_is_written_into_them(rows: list[list[str]], mark: str, put: str) -> None:
    """Rows and columns stay as many, as Python's own reader counts them."""
    file = io.StringIO()
    csv.writer(file, delimiter=mark, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    text = file.getvalue()
    syntax = delimited.syntax_in(text)
    if syntax is None or syntax.mark != mark:  # cells that look like another table
        return
    pieces, at = [], 0
    for literal in syntax.literals:
        pieces += [text[at : literal.start], syntax.encode(literal, put)]
        at = literal.end
    read = list(csv.reader(io.StringIO("".join(pieces) + text[at:], newline=""), delimiter=mark))
    assert read == [[_put(cell, put) for cell in row] for row in rows]


def _put(cell: str, put: str) -> str:
    """Return a cell in which all but the blanks around it was replaced."""
    inner = cell.strip()
    return cell.replace(inner, put) if inner else cell


@pytest.mark.parametrize(
    "piece",
    [
        "MSH|^~\\&|A^B\r",
        "PID|1||2^3\r",
        '<a b="',
        "<p>x</p>",
        "<!--",
        "<i>",
        "a,b,c\n",
        '"a,',
        "MSH",
        '{"a":1}\n',
        "&amp;<b>",
    ],
)
def test_cost_is_linear(piece: str) -> None:
    """Twice the text takes about twice the time, also of what only begins like a format."""
    assert growth(lambda: recognise(piece * 4_000), lambda: recognise(piece * 8_000), rounds=3) < 2.6
