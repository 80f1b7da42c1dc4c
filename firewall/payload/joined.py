"""All leaves of a document as one text, with the way home, so that one pass of an engine sees every leaf.

With `context` each value stands behind the words of its field name ("patient mrn: 123"), which is what a pattern with
context words, or a model, needs to tell an identifier from a number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from firewall.vocabulary import Segment, Span

SEPARATOR = "\x1e"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MAX_NAME = 80
_FIELD_NAME = re.compile(r"[a-z][A-Za-z_]{0,31}[0-9]{0,3}\Z")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}\Z")
_NAMES_SLACK = 8_192  # code points


@dataclass(frozen=True, slots=True)
class Joined:
    """A text made of segments; piece `i` stands from `starts[i]` to `ends[i]`, and is the segment `homes[i]`.

    Without `homes` it is segment `i`.
    """

    text: str = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)
    ends: tuple[int, ...] = field(repr=False)
    homes: tuple[int, ...] | None = field(default=None, repr=False)

    def locate(self, start: int, end: int) -> list[tuple[int, Span]]:
        """Return the segments that the range `[start, end)` touches, each with the span in its own text."""
        located: list[tuple[int, Span]] = []
        index = max(0, bisect_right(self.starts, start) - 1)
        while index < len(self.starts) and self.starts[index] < end:
            low, high = max(start, self.starts[index]), min(end, self.ends[index])
            if low < high:
                home = index if self.homes is None else self.homes[index]
                located.append((home, Span(low - self.starts[index], high - self.starts[index])))
            index += 1
        return located


def is_field_name(segment: Segment) -> bool:
    """Tell whether a segment is a member name such as schemas give: one lower-case word, snake_case or camelCase."""
    return segment.is_key and _FIELD_NAME.match(segment.text) is not None


def is_plain_name(segment: Segment) -> bool:
    """Tell whether a segment is a member name of one short word, which is too little to order anything.

    It can be a secret all the same, and it is read as the context in front of the member's value.
    """
    return segment.is_key and _PLAIN_NAME.match(segment.text) is not None


def names_fit(segments: Sequence[Segment]) -> bool:
    """Tell whether field names as context would keep the text within about twice the size of the leaves.

    Thousands of one-letter leaves under one long name would otherwise make a small document a large one.
    """
    names = sum(len(segment.field_name) for segment in segments if not segment.is_key)
    return names <= sum(len(segment.text) for segment in segments) + _NAMES_SLACK


def words(name: str) -> str:
    """Split a field name into words: `patientMRN` and `patient_mrn` both read `patient mrn`."""
    return _CAMEL.sub(" ", name[:_MAX_NAME]).replace("_", " ").replace("-", " ").lower()


def join(
    segments: Sequence[Segment], *, context: bool, separator: str = SEPARATOR, only: Sequence[int] | None = None
) -> Joined:
    """Put all segments behind one another, or those of the indexes `only`, with a separator that no segment holds."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for segment in segments if only is None else [segments[index] for index in only]:
        if pieces:
            pieces.append(separator)
            at += len(separator)
        if context and segment.field_name and not segment.is_key:
            prefix = f"{words(segment.field_name)}: ".replace(SEPARATOR, " ")
            pieces.append(prefix)
            at += len(prefix)
        starts.append(at)
        at += len(segment.text)
        ends.append(at)
        pieces.append(segment.text.replace(SEPARATOR, " "))
    return Joined("".join(pieces), tuple(starts), tuple(ends), None if only is None else tuple(only))
