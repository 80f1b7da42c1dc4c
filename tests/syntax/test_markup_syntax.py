"""XML and HTML as they are spelled: what is text, what is a value, and what is neither."""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.syntax.markup import syntax_in

PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12)


def said(text: str) -> list[str] | None:
    """Return what every literal of a text says."""
    syntax = syntax_in(text)
    return None if syntax is None else [syntax.spelled(literal).value for literal in syntax.literals]


@pytest.mark.parametrize(
    ("text", "literals"),
    [
        ("<n b=\"1\">x<c d='2'/>y</n>", ["1", "x", "2", "y"]),
        ("<note><!-- c -->t<![CDATA[<d>&amp;]]></note>", [" c ", "t", "<d>&amp;"]),
        ("<note t='&lt;&#65;'>a &amp; b</note>", ["<A", "a & b"]),
        ("Result:\n<note>x</note>\nthat is all", ["Result:\n", "x", "\nthat is all"]),
        ('<?xml version="1.0"?>\n<n xmlns="u"><m>x</m><m>y</m><o', ["u", "x", "y", "<o"]),
        ("<p>x <b>y</b><br>z", ["x ", "y", "z"]),
        ("<input name=dob value=1980><p>a<john@x.org></p>", ["dob", "1980", "a<john@x.org>"]),
        ("<p>t</p><script>if (a < b) x()</script>", ["t", "if (a < b) x()"]),
    ],
)
def test_texts_values_and_comments_are_literals(text: str, literals: list[str]) -> None:
    """In XML, also where it stands in prose or breaks off, and in HTML, where what is no tag is text."""
    assert said(text) == literals


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "<PERSON> wrote to <EMAIL_ADDRESS>",
        "mail <bob@example.org> today",
        "<x><y></x></y>",
        '<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>',
        "List<String> names = new ArrayList<>();",
    ],
)
def test_other_texts_are_no_markup(text: str) -> None:
    """Comparisons, marks, mail addresses and generics; and a document type with definitions of its own is refused."""
    assert said(text) is None


@given(PLAIN, PLAIN)
def test_what_is_written_says_itself(text: str, value: str) -> None:
    """A parser reads from an element and an attribute exactly what was to be written there."""
    document = '<n v="1">x</n>'
    syntax = syntax_in(document)
    assert syntax is not None
    attribute, inner = syntax.literals
    written = f'<n v="{syntax.encode(attribute, value)}">{syntax.encode(inner, text)}</n>'
    read = ET.fromstring(written)
    assert (read.get("v"), read.text or "") == (value, text)


@given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3), max_leaves=8), PLAIN)
def test_literals_say_what_a_parser_reads(value: object, note: str) -> None:
    """For any document: the same texts and attributes, in the same order."""

    def written(one: object) -> str:
        if isinstance(one, list):
            return "<l>" + "".join(map(written, one)) + "</l>"
        return f"<i a={quoteattr(str(one))}>{escape(str(one))}</i>"

    document = f"<note>{written(value)}<i>{escape(note)}</i></note>"
    wanted: list[str] = []
    for element in ET.fromstring(document).iter():
        wanted += [one for one in (element.get("a"), element.text) if one]
    assert [one for one in said(document) or () if one.strip()] == [one for one in wanted if one.strip()]


@given(st.text(alphabet="<>/ab='\"! -&;pbr?[]", max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """And literals lie apart, in order and inside."""
    syntax = syntax_in(f"<p>{text}</p>")
    at = 0
    for literal in syntax.literals if syntax is not None else ():
        assert at <= literal.start < literal.end <= len(text) + 7
        at = literal.end
