"""The nouns of this room: a literal, what it says, and the syntax it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from firewall.vocabulary import Offsets


@dataclass(frozen=True, slots=True)
class Literal:
    """A range of a text, without the marks around it, in which data is spelled. `kind` is one of its syntax's own words.

    `fixed` is what takes all of its place where any of it is edited: a number becomes 0. None: only what is covered.
    """

    start: int
    end: int
    kind: str = ""
    fixed: str | None = None


@dataclass(frozen=True, slots=True)
class Spelled:
    """What a literal says. `offsets` maps code points of `value` to those of the literal; None where they are the same."""

    value: str = field(repr=False)
    offsets: Offsets | None = None

    def to_value(self, start: int, end: int) -> tuple[int, int]:
        """Map the non-empty range `[start, end)` of the literal to the value; what is touched of an escape is all of it."""
        if self.offsets is None:
            return start, end
        return Offsets(self.offsets.source, self.offsets.view).to_source(start, end)

    def to_literal(self, start: int, end: int) -> tuple[int, int]:
        """Map the non-empty range `[start, end)` of the value to the literal."""
        return (start, end) if self.offsets is None else self.offsets.to_source(start, end)


class Syntax(Protocol):
    """One text's format."""

    @property
    def literals(self) -> Sequence[Literal]:
        """Where data stands, in order and apart from one another. What stands between is never edited."""
        ...

    @property
    def cuts_across(self) -> bool:
        """Whether a passage may be cut out with the marks around it (prose with tags), or only inside of literals."""
        ...

    def spelled(self, literal: Literal, /) -> Spelled:
        """Return what a literal says."""
        ...

    def encode(self, literal: Literal, text: str, /) -> str:
        """Write a text so that it can stand in that literal and says itself."""
        ...


def piecewise(raw: str, escapes: Iterable[tuple[int, int, str]]) -> Spelled:
    """Return what `raw` says, given each escape as start, end and meaning, in order and apart from one another.

    An escape without a meaning ("") stands for itself.
    """
    view, source, parts = [0], [0], []
    at = length = 0
    for start, end, meaning in escapes:
        if not meaning or end - start == len(meaning):
            continue
        if start > at:
            parts.append(raw[at:start])
            length += start - at
            view.append(length)
            source.append(start)
        parts.append(meaning)
        length += len(meaning)
        view.append(length)
        source.append(end)
        at = end
    if not parts:
        return Spelled(raw)
    if at < len(raw):
        parts.append(raw[at:])
        view.append(length + len(raw) - at)
        source.append(len(raw))
    return Spelled("".join(parts), Offsets(tuple(view), tuple(source)))
