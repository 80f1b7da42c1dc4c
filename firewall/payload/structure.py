"""What formats say of a payload: every dialect is asked what it knows, and answers in the segments' own code points.

Two kinds of dialects: those of texts (HL7, tables, mail, markup) read a text; those of JSON (FHIR, DICOM, records)
read a parsed document, which is the payload itself or a JSON text that stands inside one of its strings. A string of
such a text may hold a text of another format, and no more than that.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from firewall.payload.dialects import cards, dicom, fhir, forms, hl7, mail, markup, records, tables
from firewall.payload.dialects.field import Field
from firewall.payload.document import Document, Leaf, Limits, values
from firewall.payload.views import Leaves
from firewall.vocabulary import Segment

TextDialect = Callable[[str], Sequence[Field] | None]
JsonDialect = Callable[[Document], Sequence[tuple[int, Field]] | None]

_TEXT: tuple[TextDialect, ...] = (
    hl7.fields,
    markup.fields,
    tables.fields,
    mail.fields,
    cards.fields,
    forms.fields,
)
_JSON: tuple[JsonDialect, ...] = (fhir.fields, dicom.fields, records.fields)
_LIMITS = Limits()
_SHORTEST = 12  # code points of a text that can have a structure
_MARKED = re.compile(r"[\n\r|<{\t:=]")  # a text in which none of these stands is of no format that is known here
_JSON_TEXT = re.compile(r'[ \t\n\r]*+(?:\{[ \t\n\r]*+["}]|\[[ \t\n\r]*+[\[{"\]])')
_ESCAPE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)


def known(segments: Sequence[Segment]) -> tuple[tuple[Field, ...], ...]:
    """Return for each segment what formats say of ranges of its text, in order. Linear, and never raises.

    Ranges of one segment do not overlap: where two dialects differ, what identifies somebody wins.
    """
    if isinstance(segments, Leaves):
        return segments.once("structure", lambda: _known(segments))
    return _known(segments)


def is_nobodys(told: Sequence[Field], start: int, end: int) -> bool:
    """Tell whether `[start, end)` lies in a range that identifies nobody by what was `told` of its segment."""
    at = bisect_right(told, start, key=lambda one: one.start) - 1
    return at >= 0 and not told[at].entity_type and end <= told[at].end


def parts(text: str, told: Sequence[Field], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what is left of a range that was found in a text, cut at the edges of what was `told` of it.

    What identifies nobody falls out, and so do the marks between fields: a finding over two cells of a table is one in
    each. A range that touches no field is left as it is.
    """
    at = max(0, bisect_right(told, start, key=lambda one: one.start) - 1)
    low, touched = start, False
    for index in range(at, len(told)):
        one = told[index]
        if one.start >= end:
            break
        if one.end <= start:
            continue
        touched = True
        yield from _worded(text, low, min(one.start, end))
        if one.entity_type:
            yield max(one.start, start), min(one.end, end)
        low = one.end
    if not touched:
        yield start, end
    else:
        yield from _worded(text, low, end)


def _worded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a range without what is neither letter nor digit at its ends, if anything is left."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if start < end:
        yield start, end


def _known(segments: Sequence[Segment]) -> tuple[tuple[Field, ...], ...]:
    found: list[list[Field]] = [[] for _ in segments]
    if any(segment.is_key or segment.field_name for segment in segments):
        leaves = [
            Leaf(one.pointer, "key" if one.is_key else "string", 0, 0, one.text, one.field_name) for one in segments
        ]
        for index, field in _of_json(Document("", tuple(leaves))):
            found[index].append(field)
    for index, segment in enumerate(segments):
        if not segment.is_key and not found[index]:
            found[index] = list(_of_text(segment.text))
    return tuple(tuple(_apart(fields)) if fields else () for fields in found)


def _of_text(text: str) -> Iterator[Field]:
    """Yield what the formats say of a text, those of JSON included."""
    if len(text) < _SHORTEST or _MARKED.search(text) is None:
        return
    if _JSON_TEXT.match(text) is None:
        yield from _of_plain(text) or ()
    if '":' in text or '" :' in text:
        for document in values(text, _LIMITS):
            yield from _of_nested(document)


def _of_plain(text: str) -> list[Field] | None:
    """Return what the dialects of texts say of a text; None where none of them knows it."""
    told = [fields for fields in (dialect(text) for dialect in _TEXT) if fields is not None]
    return [field for fields in told for field in fields] if told else None


def _of_nested(document: Document) -> Iterator[Field]:
    """Yield what is known of a JSON text, in the code points of the text that it stands in."""
    by_leaf: dict[int, list[Field]] = {}
    for index, field in _of_json(document):
        by_leaf.setdefault(index, []).append(field)
    for index, leaf in enumerate(document.leaves):
        told = by_leaf.get(index)
        if told is None and leaf.kind == "string" and len(leaf.text) >= _SHORTEST and _MARKED.search(leaf.text):
            told = _of_plain(leaf.text)
        if told:
            home = _spelling(document.source, leaf)
            yield from (Field(home(one.start), home(one.end), one.entity_type, one.meaning) for one in told)


def _of_json(document: Document) -> Iterator[tuple[int, Field]]:
    for dialect in _JSON:
        yield from dialect(document) or ()


def _spelling(source: str, leaf: Leaf) -> Callable[[int], int]:
    """Return what maps a code point of a leaf's text to where it is spelled in the source."""
    if leaf.kind == "number":
        return lambda at: leaf.start + at
    first, last = leaf.start + 1, leaf.end - 1
    if last - first == len(leaf.text):
        return lambda at: first + at
    texts, places = [0], [first]  # behind each escape: where the text and its spelling go on
    for match in _ESCAPE.finditer(source, first, last):
        texts.append(texts[-1] + match.start() - places[-1] + 1)
        places.append(match.end())

    def home(at: int) -> int:
        piece = bisect_right(texts, at) - 1
        return places[piece] + at - texts[piece]

    return home


def _apart(fields: Sequence[Field]) -> Iterator[Field]:
    """Yield fields in order, cut so that none overlaps another; what identifies somebody is never cut by what does not."""
    told = sorted(fields, key=lambda one: (one.start, not one.entity_type, -one.end))
    named = [one for one in told if one.entity_type]
    end, at = 0, 0
    for one in told:
        if one.entity_type:
            if one.end > max(end, one.start):
                yield one if one.start >= end else Field(end, one.end, one.entity_type, one.meaning)
                end = one.end
            continue
        while at < len(named) and named[at].end <= one.start:
            at += 1
        free = at == len(named) or named[at].start >= one.end
        if free and one.start >= end and one.start < one.end:
            yield one
            end = one.end
