"""Cutting a passage out so that what is left reads as if it had never been there.

Nothing is written anew: a cut is a range that goes. It takes the passage, the shell that would be left empty around it
(a comment, brackets, quotation marks, a tag with its end tag, the marks in front of a line) and one side's blanks.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from firewall.clauses import edges

PASSAGE, SENTENCE = "passage", "sentence"
EXTENTS = (PASSAGE, SENTENCE)
_NEAR = 240  # code points looked at for a shell on either side
_LAYERS = 4  # shells around one another that are opened
_NO_WORD = re.compile(r"[\W_]*\Z")
_SHELLS = (
    ("<!--", "-->"),
    ("/*", "*/"),
    ("```", "```"),
    ("***", "***"),
    ("**", "**"),
    ("__", "__"),
    ("`", "`"),
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("\u201c", "\u201d"),
    ("\u00ab", "\u00bb"),
    ("\u300c", "\u300d"),
)
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9:_-]{0,30})(?:\s[^<>]{0,200})?>\Z")
_END_TAG = re.compile(r"</([A-Za-z][A-Za-z0-9:_-]{0,30})\s{0,4}>")
_KEPT_TAGS = frozenset({"td", "th", "tr", "body", "html", "head", "text"})  # an empty one has its place in the whole
# What may stand in front of a line of its own: quotation, bullet, number, heading, comment.
_PREFIX = re.compile(r"(?:(?:[>*+\-]|[0-9]{1,3}[.)]|#{1,6}|//|--|;)[ \t]*+)+\Z")
_STOPS = frozenset(".,;:!?)")


@dataclass(frozen=True, slots=True)
class Passage:
    """What is to be cut: code points `[start, end)`, and whether the clause or line around goes with them."""

    start: int
    end: int
    extent: str = PASSAGE


def cuts(text: str, passages: Iterable[Passage]) -> list[tuple[int, int]]:
    """Return the ranges of a text that go, in order and apart from one another. Linear in the text.

    What overlaps is cut as one. What only a rule has found is cut with its clause; inside a passage the passage says how
    far the text goes.
    """
    whole = apart(_begun(text, one) if one.extent == SENTENCE else one for one in passages)
    if any(one.extent == SENTENCE for one in whole):
        near = edges(text)
        ends, begins = [end for end, _ in near], [begin for _, begin in near]
        whole = apart(
            Passage(
                min(one.start, begins[max(0, bisect_right(begins, one.start) - 1)]),
                max(one.end, ends[min(len(ends) - 1, bisect_left(ends, one.end))]),
                SENTENCE,
            )
            if one.extent == SENTENCE
            else one
            for one in whole
        )
    result: list[tuple[int, int]] = []
    for start, end in _joined(text, whole):
        low, high = _without_blanks(text, *_with_shell(text, start, end))
        if result and low < result[-1][1]:
            low = result.pop()[0]
        result.append((low, high))
    return result


def _begun(text: str, passage: Passage) -> Passage:
    """Let a finding begin behind the full stop and the blanks in front of it, which rules match to find a beginning."""
    start = passage.start
    while start < passage.end - 1 and (text[start].isspace() or text[start] in _STOPS):
        start += 1
    return Passage(start, passage.end, passage.extent)


def apart(passages: Iterable[Passage]) -> list[Passage]:
    """Merge what overlaps. A finding inside a passage goes with it; one that reaches out brings its clause along."""
    every = list(passages)
    whole = _merged(one for one in every if one.extent == PASSAGE)
    ends = [one.end for one in whole]
    loose = []
    for one in every:
        at = bisect_left(ends, one.end)
        if one.extent == SENTENCE and not (at < len(whole) and whole[at].start <= one.start):
            loose.append(one)
    return _merged([*whole, *loose])


def _merged(passages: Iterable[Passage]) -> list[Passage]:
    result: list[Passage] = []
    for one in sorted(passages, key=lambda one: (one.start, one.end, one.extent)):
        if result and one.start < result[-1].end:
            last = result[-1]
            extent = max(last.extent, one.extent)  # "sentence" comes behind "passage"
            result[-1] = Passage(last.start, max(last.end, one.end), extent)
        else:
            result.append(one)
    return result


def _joined(text: str, passages: Iterable[Passage]) -> list[tuple[int, int]]:
    """Make one range of passages that have no word between them."""
    result: list[tuple[int, int]] = []
    for one in passages:
        if result and _NO_WORD.match(text, result[-1][1], one.start):
            result[-1] = (result[-1][0], max(result[-1][1], one.end))
        else:
            result.append((one.start, one.end))
    return result


def _with_shell(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a range over what encloses it and nothing else."""
    for _ in range(_LAYERS):
        low, high = _blank_before(text, start), _blank_behind(text, end)
        left, right = text[max(0, low - _NEAR) : low], text[high : high + _NEAR]
        width = next(((len(a), len(b)) for a, b in _SHELLS if left.endswith(a) and right.startswith(b)), None)
        width = width or _tags(left, right) or _quotes(left, right) or _half(text[start:end], left, right)
        if width is None:
            break
        start, end = low - width[0] if width[0] else start, high + width[1] if width[1] else end
    return start, end


def _half(inner: str, left: str, right: str) -> tuple[int, int] | None:
    """Return the width of the other half of a shell whose first or last half goes already."""
    for opener, closer in _SHELLS:
        if opener != closer and inner.startswith(opener) and closer not in inner and right.startswith(closer):
            return 0, len(closer)
        if opener != closer and inner.endswith(closer) and opener not in inner and left.endswith(opener):
            return len(opener), 0
    return None


def _tags(left: str, right: str) -> tuple[int, int] | None:
    begin, end = _TAG.search(left), _END_TAG.match(right)
    if begin is None or end is None or begin[1] != end[1] or begin[1].lower() in _KEPT_TAGS:
        return None
    return len(begin[0]), len(end[0])


def _quotes(left: str, right: str) -> tuple[int, int] | None:
    """Return the width of straight quotation marks, where they are those of prose: a value of some syntax keeps its own."""
    if left[-1:] not in ('"', "'") or right[:1] != left[-1:]:
        return None
    before, behind = left[:-1].rstrip(" \t")[-1:], right[1:2]
    if before in (":", "=", ",", "(", "[", "{") or not (behind == "" or behind.isspace() or behind in _STOPS):
        return None
    return 1, 1


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """Take the blanks on one side along, so that those of the other side are what parts the rest."""
    high = _blank_behind(text, end)
    ends_line = high == len(text) or "\n" in text[end:high]
    if ends_line:
        start = _line_prefix(text, start)
    low = _blank_before(text, start)
    before, behind = text[low:start], text[end:high]
    if low == 0:
        return 0, high if high == len(text) else end + behind.rfind("\n") + 1 if "\n" in behind else high
    if high == len(text):
        return low, end
    if "\n" not in before and "\n" not in behind:
        return low if text[high] in _STOPS else start, high if before else end
    if before.count("\n") < behind.count("\n"):
        return low, end
    if "\n" not in behind:
        return start, high
    return low + before.rfind("\n") + 1, end + behind.rfind("\n") + 1


def _line_prefix(text: str, start: int) -> int:
    """Return where the marks in front of a line begin, if nothing else stands before `start` on its line."""
    line = text.rfind("\n", max(0, start - _NEAR), start) + 1
    if line == 0 and start > _NEAR:
        return start
    first = _blank_behind(text, line)
    return first if first < start and _PREFIX.match(text[first:start]) else start


def _blank_before(text: str, at: int) -> int:
    while at > 0 and text[at - 1].isspace():
        at -= 1
    return at


def _blank_behind(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
