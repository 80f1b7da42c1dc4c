"""A long plain text in sections, as it arrives: where each lies follows from the text alone, not from how it came.

What is found in `[start, end)` depends on no more than `[low, high)`, which goes beyond it on both sides by as much as
the widest match is wide. Width is counted in what is drawn: a run of white space counts for one, what is invisible for
nothing, as the canonical glass has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firewall.payload.structure import known
from firewall.payload.views import seen
from firewall.syntax.recognise import recognise
from firewall.vocabulary import Segment

FIRST: Final = 2_048  # code points of the first section: soon something can be released
LARGEST: Final = 32_768  # sections double up to this, so that what is read twice costs little
_SEARCHED = 512  # code points behind the least length in which a line's end is preferred to a blank
_SPARSE = 4  # a stretch of this many code points for one that is drawn is no prose
# Arriving pieces are gathered to this size, or to this part of what is there, so that gathering costs no square.
_PENDING, _PART = 1_024, 16
_LINE_END = re.compile(r"\n")
_BLANK = re.compile(r"\s")
_LETTER = r"[!-~]|[^\W\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u034f]"  # some letters are drawn as nothing
_DRAWN = re.compile(rf"{_LETTER}|(?<=[!-~\w])\s")
# What a text of a format begins with. Only the end could show that it is none.
_FORMATTED = re.compile(r"\s{0,200}(?:[\[{<\"]|data:|MSH|FHS|BHS|BEGIN:|%PDF|--)|\s{200}")
_MEMBER = re.compile(r'["\']\s{0,20}:|<[A-Za-z!/?]')
_LOCAL = "form:"  # a value behind its name on one line means the same wherever the line stands
_ENCODED = frozenset(
    "base64 base64-part base32 base58 hex codes binary morse tags selectors zero-width regional truncated".split()
)


@dataclass(frozen=True, slots=True)
class Section:
    """The code points `[start, end)` of a text, and `[low, high)` around them, which are read to know what is there."""

    start: int
    end: int
    low: int
    high: int


class Sections:
    """Cuts a text that is still arriving. `widest` is how many drawn code points a match may have."""

    def __init__(self, widest: int) -> None:
        """Begin an empty text."""
        self.widest = widest
        self.text = ""
        self.held: str | None = None  # why the rest is one section
        self._pending: list[str] = []
        self._waiting = 0
        self._start = 0
        self._size = FIRST
        self._tried = 0

    def __len__(self) -> int:
        """Return how many code points have arrived."""
        return len(self.text) + self._waiting

    def add(self, piece: str) -> None:
        """Take what comes next."""
        self._pending.append(piece)
        self._waiting += len(piece)
        if self.held is None and self._waiting >= max(_PENDING, len(self.text) // _PART):
            self.gather()

    def hold(self, reason: str) -> None:
        """Let all from the section that `next` returned last on be one, for a reason that tells nothing of the text."""
        self.held = reason

    def next(self) -> Section | None:
        """Return the next section that nothing can change any more; the same again until it is `taken`."""
        if self.held is not None or len(self.text) < max(FIRST, self._tried + 1):
            return None
        if self._start == 0 and _FORMATTED.match(self.text) is not None:
            self.held = "format"
            return None
        end = self._cut()
        high = None if end is None else self._reach(end)
        low = None if high is None else self._low()
        if end is None or high is None or low is None:
            self._tried = len(self.text)
            return None
        return Section(self._start, end, low, high)

    def taken(self, section: Section) -> None:
        """Go on behind a section."""
        self._start, self._size = section.end, min(LARGEST, 2 * self._size)

    def rest(self) -> Section | None:
        """Return what is left when all of the text has arrived; None where nothing is."""
        self.gather()
        if self._start == len(self.text):
            return None
        return Section(self._start, len(self.text), self._low() or 0, len(self.text))

    def gather(self) -> None:
        """Let `text` and `next` see all that has arrived."""
        self.text = "".join([self.text, *self._pending])
        self._pending, self._waiting = [], 0

    def _cut(self) -> int | None:
        """Return where the section ends: behind the end of a line, or else behind a blank."""
        least = self._start + self._size
        last = least + _SEARCHED
        line = _LINE_END.search(self.text, least, last)
        if line is not None:
            return line.end()
        if len(self.text) <= last:
            return None
        end = last + _SPARSE * self.widest
        blank = _BLANK.search(self.text, last, end)
        if blank is None and len(self.text) > end:
            self.held = "unbroken"
        return None if blank is None else blank.end()

    def _reach(self, end: int) -> int | None:
        """Return up to where a match may run that begins before `end`: behind a blank."""
        last = end + _SPARSE * self.widest
        for count, match in enumerate(_DRAWN.finditer(self.text, end, last), 1):
            if count == self.widest:
                blank = _BLANK.search(self.text, match.end(), last)
                if blank is not None:
                    return blank.end()
                break
        if len(self.text) > last:
            self.held = "sparse"
        return None

    def _low(self) -> int | None:
        """Return from where a match may begin that runs into the section: behind a blank, where there is one."""
        first = max(0, self._start - _SPARSE * self.widest)
        places = [match.start() for match in _DRAWN.finditer(self.text, first, self._start)]
        if len(places) < self.widest:
            if first:
                self.held = "sparse"
                return None
            return 0
        at = places[-self.widest]
        return max(first, self.text.rfind(" ", first, at) + 1, self.text.rfind("\n", first, at) + 1)


def why_held(segments: Sequence[Segment]) -> str | None:
    """Return why a part of a text cannot be read apart from the rest, as a word; None for plain running text.

    What stands in a format means what its beginning says, and an encoded run can be read only whole.
    """
    text = "\n".join(segment.text for segment in segments)
    if any(not field.meaning.startswith(_LOCAL) for fields in known(segments) for field in fields):
        return "format"
    if _MEMBER.search(text) is not None or recognise(text) is not None:
        return "format"
    unfolded = seen(segments, names=False, context=True).unfolded
    if unfolded.truncated or any(view.name in _ENCODED for view in unfolded.views):
        return "encoded"
    return None
