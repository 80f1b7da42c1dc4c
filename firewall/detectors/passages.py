"""Passages as a person would cut them: whole words, whole clauses where only a few words are missing, nothing twice.

A model's marks end a word or two beside where a sentence does. All that is looked at lies within a few words of an end,
so the cost is linear in the number of passages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firewall.clauses import edges
from firewall.vocabulary import Segment, Span

_NEAR = 80  # code points looked at on either side of an end
_MISSING_BEFORE, _MISSING_BEHIND = 2, 3  # words of a clause that the first and the last end may have left outside
_STRAY = 3  # words of the next clause that an end may have taken in
_MOST = max(_MISSING_BEFORE, _MISSING_BEHIND, _STRAY)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_PAIRS = {")": "(", "]": "[", "}": "{", '"': '"', "\u201d": "\u201c"}
_NO_WORD = re.compile(r"[\W_]*\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A passage in one segment, by the segment's index, and the score of the windows it was seen in."""

    index: int
    span: Span
    score: float


def grown(text: str, span: Span) -> Span:
    """Move the ends of a passage to the ends of words, and to those of clauses or lines a few words away.

    An end that leaves at most three words of its clause outside moves outwards; one that took in at most two words of
    the next clause moves back. What is left is never empty.
    """
    start, end = _whole_words(text, *_stripped(text, span.start, span.end))
    near = edges(text, max(0, start - _NEAR), min(len(text), start + _NEAR))
    before = max((begin for _, begin in near if begin <= start), default=None)
    after = min(((stop, begin) for stop, begin in near if start < stop and begin < end), default=None)
    if before is not None and _words(text, before, start) <= _MISSING_BEFORE:
        start = before
    elif after is not None and _words(text, start, after[0]) <= _STRAY < _words(text, after[1], end):
        start = after[1]
    near = edges(text, max(0, end - _NEAR), min(len(text), end + _NEAR))
    behind = min((stop for stop, _ in near if stop >= end), default=None)
    inside = max(((begin, stop) for stop, begin in near if start < stop and begin < end), default=None)
    if behind is not None and _words(text, end, behind) <= _MISSING_BEHIND:
        end = behind
    elif inside is not None and _words(text, inside[0], end) <= _STRAY < _words(text, start, inside[1]):
        end = inside[1]
    start, end = _stripped(text, start, end)
    if end - start > 1 and _closes_outside(text[start:end]):
        end -= 1
    return Span(start, end)


def merged(places: Iterable[Place], segments: Sequence[Segment]) -> list[Place]:
    """Make one of those that overlap, or that have no word between them, in one segment; the higher score stands."""
    by_segment: dict[int, list[Place]] = defaultdict(list)
    for place in places:
        by_segment[place.index].append(place)
    result: list[Place] = []
    for index in sorted(by_segment):
        text = segments[index].text
        order = sorted(by_segment[index], key=lambda place: place.span)
        last = order[0]
        for place in order[1:]:
            if place.span.start <= last.span.end or _NO_WORD.match(text, last.span.end, place.span.start):
                span = Span(last.span.start, max(last.span.end, place.span.end))
                last = Place(index, span, max(last.score, place.score))
            else:
                result.append(last)
                last = place
        result.append(last)
    return result


def _closes_outside(passage: str) -> bool:
    """Tell whether the last character closes a bracket or a quotation that was opened before the passage."""
    closer = passage[-1]
    opener = _PAIRS.get(closer)
    if opener is None:
        return False
    if opener == closer:
        return passage.count(closer) % 2 == 1
    return passage.count(opener) < passage.count(closer)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end - 1 and text[start].isspace():
        start += 1
    while start < end - 1 and text[end - 1].isspace():
        end -= 1
    return start, end


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    floor, ceiling = max(0, start - _NEAR), min(len(text), end + _NEAR)
    while start > floor and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < ceiling and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def _words(text: str, start: int, end: int) -> int:
    """Count words, up to one more than matters."""
    count = 0
    for _ in _WORD.finditer(text, start, end):
        count += 1
        if count > _MOST:
            break
    return count
