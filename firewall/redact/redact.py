"""Redactions become an edited document of the same shape.

Overlapping spans are merged first, so that no covered character can survive between two edits. Where a text is of a
format (`firewall.syntax`: JSON, HL7, XML, HTML, tables), spans are cut at the edges of its literals, operators see what a
literal says, and what they make of it is written as the format has it, so that the text parses again with the same
shape. Literals may hold a format of their own. What is excised takes along what it would leave empty, see `excise.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from firewall.redact.excise import PASSAGE, Passage, apart, cuts
from firewall.redact.keys import Keys
from firewall.redact.operators import EXCISE, NUMERIC, RESTORE, operate
from firewall.redact.tokens import PREFIX, Original, tokens_in
from firewall.syntax.recognise import recognise
from firewall.syntax.spelling import Literal, Spelled, Syntax
from firewall.vocabulary import Operator, Redaction, Segment, Span

_DEPTH = 3  # formats inside one another that are kept whole: a table in a message in a JSON text
_FIRST = 1 << 40  # longer than any span
# The mark of an earlier redaction; in XML and HTML it is written with entities.
_PLACEHOLDER = re.compile(r"(?:<|&lt;)([A-Z][A-Z0-9_]{2,40})(?:>|&gt;)")


@dataclass(frozen=True, slots=True)
class _Edit:
    """A range and what is to be done to it."""

    start: int
    end: int
    entity_type: str
    operator: Operator

    @property
    def excises(self) -> bool:
        """Whether the range goes, rather than be replaced."""
        return self.operator.name == EXCISE


@dataclass(frozen=True, slots=True)
class _Put:
    """A range and what takes its place."""

    start: int
    end: int
    text: str
    spelling: str | None = None  # set where it is known how the whole segment has it, whatever its formats would write


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a segment's text a text stands that is inside of literals, the outermost first."""

    whole: str
    inside: tuple[tuple[Syntax, Literal, Spelled], ...] = ()

    @property
    def syntax(self) -> str:
        """The names of the formats around the text."""
        return ">".join(type(syntax).__name__ for syntax, _, _ in self.inside)

    def original(self, value: str, start: int, end: int) -> Original:
        """Return what stands at a range of the text, with its spelling where its formats would write it otherwise."""
        written = value
        for syntax, literal, spelled in reversed(self.inside):
            low, high = spelled.to_literal(start, end)
            start, end = literal.start + low, literal.start + high
            written = syntax.encode(literal, written)
        spelling = self.whole[start:end]
        return Original(value) if spelling == written else Original(value, spelling, self.syntax)


def redact(segment: Segment, redactions: Sequence[Redaction], keys: Keys) -> str:
    """Return the segment's text with every redaction applied. Spans are code points of `segment.text`."""
    edits = [_Edit(one.span.start, one.span.end, one.entity_type, one.operator) for one in redactions]
    pieces, at = [], 0
    for put in _puts(
        segment.text, [one for one in edits if one.operator.name != "keep"], _Place(segment.text), keys, _DEPTH
    ):
        pieces += [segment.text[at : put.start], put.text if put.spelling is None else put.spelling]
        at = put.end
    pieces.append(segment.text[at:])
    return "".join(pieces)


def _puts(text: str, edits: Sequence[_Edit], place: _Place, keys: Keys, depth: int) -> Iterator[_Put]:
    """Yield what takes the place of what, in order and apart from one another."""
    if not edits:
        return
    syntax = recognise(text) if depth else None
    if syntax is None:
        for one in _merged([*(one for one in edits if not one.excises), *_excised(text, edits)]):
            yield _operated(text, one, place, keys)
        return
    if syntax.cuts_across:
        whole = _merged([*(one for one in edits if not one.excises), *_excised(text, edits)])
        cut = [one for one in whole if one.excises]
        replaced = _within(text, syntax, [one for one in whole if not one.excises], (), place, keys, depth)
        yield from sorted([*(_Put(one.start, one.end, "") for one in cut), *replaced], key=lambda one: one.start)
    else:
        kept = [one for one in edits if not one.excises]
        yield from _within(
            text, syntax, _merged(kept), _apart([one for one in edits if one.excises]), place, keys, depth
        )


def _operated(text: str, edit: _Edit, place: _Place, keys: Keys) -> _Put:
    covered = text[edit.start : edit.end]

    def spelled() -> Original:
        return place.original(covered, edit.start, edit.end)

    made = operate(edit.operator, covered, edit.entity_type, keys, spelled)
    if edit.operator.name != RESTORE:
        return _Put(edit.start, edit.end, made)
    original = keys.originals[covered]
    return _Put(edit.start, edit.end, made, original.spelling if original.syntax == place.syntax else None)


def _fixed(literal: Literal, fixed: str, text: str, edits: Sequence[_Edit], keys: Keys) -> str:
    """Return what takes the place of a literal that keeps its kind: of a number another number, where an operator makes one."""
    covered, edit = text[literal.start : literal.end], edits[0]
    if fixed == "0" and edit.operator.name in NUMERIC:
        made = operate(edit.operator, covered, edit.entity_type, keys)
        if made.isascii() and made.isdecimal() and (made[0] != "0" or made == "0"):
            return made
    return fixed


def _within(
    text: str,
    syntax: Syntax,
    replaced: Sequence[_Edit],
    excised: Sequence[_Edit],
    place: _Place,
    keys: Keys,
    depth: int,
) -> Iterator[_Put]:
    """Yield the edits of each literal. Both lists are in order, and what is in one of them is apart from one another."""
    lists, ats = (replaced, excised), [0, 0]
    for literal in syntax.literals:
        mine: list[_Edit] = []
        for index, edits in enumerate(lists):
            while ats[index] < len(edits) and edits[ats[index]].end <= literal.start:
                ats[index] += 1
            mine += _until(edits, ats[index], literal.end)
        if not mine:
            continue
        if literal.fixed is not None:
            yield _Put(literal.start, literal.end, _fixed(literal, literal.fixed, text, mine, keys))
            continue
        spelled = syntax.spelled(literal)
        inner = _Place(place.whole, (*place.inside, (syntax, literal, spelled)))
        for put in _puts(spelled.value, [_inside(one, literal, spelled) for one in mine], inner, keys, depth - 1):
            low, high = spelled.to_literal(put.start, put.end)
            yield _Put(literal.start + low, literal.start + high, syntax.encode(literal, put.text), put.spelling)


def _inside(edit: _Edit, literal: Literal, spelled: Spelled) -> _Edit:
    """Cut an edit at the edges of a literal, and map it to what the literal says."""
    low, high = spelled.to_value(
        max(edit.start, literal.start) - literal.start, min(edit.end, literal.end) - literal.start
    )
    return _Edit(low, high, edit.entity_type, edit.operator)


def placeholders(text: str, entity_types: frozenset[str], keys: Keys) -> list[Span]:
    """Return where the marks of an earlier redaction stand, which are nobody's data; of tokens the caller's own."""
    marks = [Span(one.start, one.end) for one in tokens_in(text) if keys.scope.genuine(one)] if PREFIX in text else []
    if "<" not in text and "&lt;" not in text:
        return marks
    return marks + [Span(*match.span()) for match in _PLACEHOLDER.finditer(text) if match[1] in entity_types]


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


def _merged(edits: Sequence[_Edit]) -> list[_Edit]:
    """Merge what overlaps. Every edit yields to a cut; else the longest span names the range."""
    merged: list[_Edit] = []
    longest = 0
    for item in sorted(edits, key=_order):
        length = item.end - item.start + (_FIRST if item.excises else 0)
        if merged and item.start < merged[-1].end:
            last = merged[-1]
            named = item if length > longest else last
            longest = max(longest, length)
            merged[-1] = _Edit(last.start, max(last.end, item.end), named.entity_type, named.operator)
        else:
            longest = length
            merged.append(item)
    return merged


def _order(item: _Edit) -> tuple[int, int, str, str, str]:
    """Sort from left to right and long before short; the rest only keeps the order of findings from mattering."""
    operator = item.operator
    return item.start, -item.end, item.entity_type, operator.name, repr(sorted(operator.params.items()))


def _excised(text: str, edits: Sequence[_Edit]) -> Iterator[_Edit]:
    """Yield what is to be excised, widened as far as the cut goes."""
    wanted = [one for one in edits if one.excises]
    if wanted:
        first = min(wanted, key=_order)
        for start, end in cuts(text, [_passage(one) for one in wanted]):
            yield _Edit(start, end, first.entity_type, first.operator)


def _apart(edits: Sequence[_Edit]) -> list[_Edit]:
    """Merge what is to be excised where it overlaps; each range keeps how far its cut may go."""
    if not edits:
        return []
    first = min(edits, key=_order)
    return [
        _Edit(one.start, one.end, first.entity_type, Operator(EXCISE, {"extent": one.extent}))
        for one in apart([_passage(one) for one in edits])
    ]


def _passage(edit: _Edit) -> Passage:
    return Passage(edit.start, edit.end, str(edit.operator.params.get("extent", PASSAGE)))


def _until(edits: Sequence[_Edit], at: int, end: int) -> Iterator[_Edit]:
    """Yield the edits from index `at` on that begin before `end`."""
    while at < len(edits) and edits[at].start < end:
        yield edits[at]
        at += 1
