"""Redactions become an edited document of the same shape.

Overlapping spans are merged first, so that no covered character can survive between two edits; edits then run right to
left, so that none moves the next one's place. A JSON text inside a string is kept a JSON text: spans are cut at the
edges of its literals, and a number in it becomes 0. What is excised takes along what it would leave empty, see
`excise.py`.
"""

from __future__ import annotations

import contextlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from firewall.redact.excise import PASSAGE, Passage, apart, cuts
from firewall.redact.operators import EXCISE, operate
from firewall.vocabulary import Operator, Redaction, Segment, Span

# Literals and structure of a JSON text; possessive, so that each character is read once.
_JSON_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|-?[0-9][0-9.eE+-]*+|[{}\[\],:]|true|false|null|[ \t\r\n]++', re.DOTALL)
# One character of a JSON string as it is spelled; the two halves of a surrogate pair are one.
_ESCAPE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\(?:u[0-9a-fA-F]{4}|.)|[^\\]", re.DOTALL)
_FIRST = 1 << 40  # longer than any span
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]{2,40})>")


@dataclass(frozen=True, slots=True)
class _Edit:
    """One merged range and what takes its place."""

    start: int
    end: int
    entity_type: str
    operator: Operator
    literal: str | None = None  # set where the replacement is fixed by the structure around it
    quoted: bool = False  # inside a string of a nested JSON text, and so written with its escapes


def redact(segment: Segment, redactions: Sequence[Redaction], salt: bytes) -> str:
    """Return the segment's text with every redaction applied. Spans are code points of `segment.text`."""
    text, at = segment.text, len(segment.text)
    tokens = _json_tokens(text) if redactions else None
    edits = _merged(
        [*(item for item in redactions if item.operator.name != EXCISE), *_excised(text, redactions, tokens)]
    )
    if tokens is not None:
        edits = _within_json(text, edits, tokens)
    pieces: list[str] = []  # right to left, so that no edit moves the next one's place
    for edit in reversed(edits):
        put = _put(text[edit.start : edit.end], edit, salt) if edit.literal is None else edit.literal
        pieces += [text[edit.end : at], put]
        at = edit.start
    pieces.append(text[:at])
    return "".join(reversed(pieces))


def _put(covered: str, edit: _Edit, salt: bytes) -> str:
    """Return what takes a range's place; in a nested JSON string the operator sees the value, not its spelling."""
    if not edit.quoted:
        return operate(edit.operator, covered, edit.entity_type, salt)
    with contextlib.suppress(ValueError):  # not JSON after all: edited as it stands
        covered = json.loads(f'"{covered}"', strict=False)
    return json.dumps(operate(edit.operator, covered, edit.entity_type, salt), ensure_ascii=False)[1:-1]


def placeholders(text: str, entity_types: frozenset[str]) -> list[Span]:
    """Return where the marks of an earlier redaction stand, which are nobody's data."""
    if "<" not in text:
        return []
    return [Span(*match.span()) for match in _PLACEHOLDER.finditer(text) if match[1] in entity_types]


def unique_names(names: Iterable[str], taken: set[str]) -> list[str]:
    """Make edited member names differ from one another and from those already `taken` in their object."""
    result = []
    counts: dict[str, int] = {}  # where to go on, so that ten thousand equal names cost ten thousand steps
    for name in names:
        candidate, count = name, counts.get(name, 2)
        while candidate in taken:
            candidate, count = f"{name}_{count}", count + 1
        counts[name] = count
        taken.add(candidate)
        result.append(candidate)
    return result


def _merged(redactions: Sequence[Redaction]) -> list[_Edit]:
    """Merge what overlaps. Keep yields to every edit, every edit to a cut; else the longest span names the range."""
    edits: list[_Edit] = []
    longest = 0
    strict = [item for item in redactions if item.operator.name != "keep"]
    order = sorted(strict, key=_order)
    for item in order:
        length = item.span.end - item.span.start + (_FIRST if item.operator.name == EXCISE else 0)
        if edits and item.span.start < edits[-1].end:
            last = edits[-1]
            named = item if length > longest else last
            longest = max(longest, length)
            edits[-1] = _Edit(last.start, max(last.end, item.span.end), named.entity_type, named.operator)
        else:
            longest = length
            edits.append(_Edit(item.span.start, item.span.end, item.entity_type, item.operator))
    return edits


def _order(item: Redaction) -> tuple[int, int, str, str, str]:
    """Sort from left to right and long before short; the rest only keeps the order of findings from mattering."""
    operator = item.operator
    return item.span.start, -item.span.end, item.entity_type, operator.name, repr(sorted(operator.params.items()))


def _excised(
    text: str, redactions: Sequence[Redaction], tokens: Sequence[tuple[int, int]] | None
) -> Iterator[Redaction]:
    """Yield what is to be excised, widened as far as the cut goes; inside a JSON text it goes to the ends of a value."""
    wanted = [item for item in redactions if item.operator.name == EXCISE]
    if not wanted:
        return
    pieces = [
        Passage(item.span.start, item.span.end, str(item.operator.params.get("extent", PASSAGE))) for item in wanted
    ]
    ranges = cuts(text, pieces) if tokens is None else _cuts_in_values(text, pieces, tokens)
    first = min(wanted, key=_order)
    for start, end in ranges:
        yield Redaction(first.pointer, Span(start, end), first.entity_type, first.operator, first.is_key)


def _cuts_in_values(
    text: str, pieces: Sequence[Passage], tokens: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the ranges that go in the spelling of each string of a JSON text, and each number that is touched."""
    order = apart(pieces)
    at = 0
    for start, end in tokens:
        while at < len(order) and order[at].end <= start:
            at += 1
        mine = list(_until(order, at, end))
        if not mine:
            continue
        value, places = _spelled(text, start, end)
        inner = [
            Passage(max(0, bisect_right(places, one.start) - 1), bisect_left(places, min(one.end, end - 1)), one.extent)
            for one in mine
        ]
        if value is None:
            yield start, end
            continue
        for low, high in cuts(value, [one for one in inner if one.start < one.end]):
            yield places[low], places[high]


def _spelled(text: str, start: int, end: int) -> tuple[str | None, list[int]]:
    """Return the value of a JSON string and where each of its code points is spelled; None for what is no string."""
    if text[start] != '"':
        return None, [start]
    places = [match.start() for match in _ESCAPE.finditer(text, start + 1, end - 1)] + [end - 1]
    with contextlib.suppress(ValueError):
        value = json.loads(text[start:end], strict=False)
        if len(value) == len(places) - 1:
            return value, places
    return None, [start]


def _until(order: Sequence[Passage], at: int, end: int) -> Iterator[Passage]:
    """Yield the passages from index `at` on that begin before `end`."""
    while at < len(order) and order[at].start < end:
        yield order[at]
        at += 1


def _within_json(text: str, edits: list[_Edit], tokens: Sequence[tuple[int, int]]) -> list[_Edit]:
    """Cut edits at the literals of a JSON text, so that it parses again with the same shape."""
    fitted: list[_Edit] = []
    at = 0
    for start, end in tokens:
        while at < len(edits) and edits[at].end <= start:
            at += 1
        index = at
        quoted = text[start] == '"'
        while index < len(edits) and edits[index].start < end:
            edit = edits[index]
            low, high = (start + 1, end - 1) if quoted else (start, end)
            low, high = max(low, edit.start), min(high, edit.end)
            if quoted and low < high:
                low, high = _off_escapes(text, start + 1, low, high)
                fitted.append(_Edit(low, high, edit.entity_type, edit.operator, quoted=True))
            elif not quoted and low < high:
                fitted.append(_Edit(start, end, edit.entity_type, edit.operator, "0"))
                break
            index += 1
    return fitted


def _json_tokens(text: str) -> list[tuple[int, int]] | None:
    """Return strings and numbers of a JSON object or array, or None where the text is not one."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    literals, at = [], 0
    while at < len(text):
        match = _JSON_TOKEN.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match[0][0] == '"' or match[0][0] in "-0123456789":
            literals.append(match.span())
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        return None
    except RecursionError:
        pass  # deeper than Python reads; the tokens stand
    return literals


def _off_escapes(text: str, floor: int, low: int, high: int) -> tuple[int, int]:
    """Widen a range so that it does not begin or end inside a backslash escape of its string."""
    window = max(floor, low - 12)
    while window > floor and text[window - 1] == "\\":  # never start in the middle of a run of backslashes
        window -= 1
    for match in _ESCAPE.finditer(text, window, high + 12):
        start, end = match.span()
        if start < low < end:
            low = start
        if start < high < end:
            high = end
    return low, high
