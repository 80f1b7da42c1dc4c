"""A text with its words, taken apart once for all who look for disguises in it, and views of a part of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from operator import add
from typing import Any

import re2

from firewall.payload.lexicon import ORDERS, WORDS
from firewall.vocabulary import Offsets, View

_ASCII_WORDS = re.compile(r"[a-z]+")
_WORDS = re.compile(r"[^\W\d_]+")
_PIECE = re.compile(r"[^.!?:;\n\"\x1e]*[.!?:;\n\"\x1e]*")
Place = tuple[str, int, int]  # a word in lower case, and where it begins and ends
REACH = 160  # characters of its surroundings that a view shows on either side of what was changed


def gate(pattern: str) -> Any:
    """Compile a pattern that is asked in linear time, and quickly, whether a text holds anything of interest."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


class Wording:
    """A text; its words are lower case and found when first asked for."""

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self.text = text

    @cached_property
    def words(self) -> list[str]:
        """The runs of letters, in order."""
        text = self.text
        return (_ASCII_WORDS if text.isascii() else _WORDS).findall(text.lower())

    @cached_property
    def distinct(self) -> frozenset[str]:
        """The words, each once."""
        return frozenset(self.words)

    @cached_property
    def neighbours(self) -> frozenset[str]:
        """Every two and every three words that follow one another, run together."""
        twos = list(map(add, self.words, islice(self.words, 1, None)))
        return frozenset(twos).union(map(add, twos, islice(self.words, 2, None)))

    @cached_property
    def orders(self) -> list[Place]:
        """The words of orders, each with where it stands."""
        return list(found(_ORDER, self.text))

    def places(self) -> Iterator[Place]:
        """Yield each word with where it stands."""
        for match in _WORDS.finditer(self.text):
            yield match[0].lower(), match.start(), match.end()


def finder(words: Iterable[str]) -> Any:
    """Compile a search for any of some words, in whatever case, for `found`. Longer words come first."""
    return gate("(?i)" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)))


def found(finder: Any, text: str) -> Iterator[Place]:
    """Yield each whole word that a finder finds, in lower case, with where it stands."""
    for match in finder.finditer(text):
        start, end = match.span()
        if not (text[end : end + 1].isalpha() or (start and text[start - 1].isalpha())):
            yield match[0].lower(), start, end


_ORDER = finder(ORDERS)


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORDS.findall(text.lower())


def known(words: Sequence[str]) -> int:
    """Return how many letters stand in known words."""
    return sum(len(word) for word in words if word in WORDS)


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences, lines and quotations that a text is made of: where each begins and ends. They cover it."""
    for match in _PIECE.finditer(text):
        if match.start() < match.end():
            yield match.span()


def patched(name: str, text: str, start: int, end: int, edits: Iterable[tuple[int, int, str]]) -> View:
    """Return a view of `text[start:end]` with some ranges of it replaced. The edits are in order and do not overlap.

    What stays maps character by character, and so does what is replaced by as many characters; the rest as a whole.
    """
    out: list[str] = []
    view, source, at, done = [0], [start], 0, start
    for first, last, new in [*edits, (end, end, "")]:
        for part, stop in ((text[done:first], first), (new, last)):
            if stop > done:
                out.append(part)
                at += len(part)
                view.append(at)
                source.append(stop)
                done = stop
    return View(name, "".join(out), Offsets(tuple(view), tuple(source)))


def passages(text: str, edits: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, list[tuple[int, int, str]]]]:
    """Group edits that stand near each other; yield each group with the passage around it."""
    group: list[tuple[int, int, str]] = []
    for edit in edits:
        if group and edit[0] - group[-1][1] > 2 * REACH:
            yield (*_around(text, group), group)
            group = []
        group.append(edit)
    if group:
        yield (*_around(text, group), group)


def _around(text: str, group: Sequence[tuple[int, int, str]]) -> tuple[int, int]:
    """Return where the passage around some edits begins and ends: at a blank, where there is one within reach."""
    start, end = max(0, group[0][0] - REACH), min(len(text), group[-1][1] + REACH)
    if start and (blank := text.find(" ", start, group[0][0])) >= 0:
        start = blank + 1
    if end < len(text) and (blank := text.rfind(" ", group[-1][1], end)) > 0:
        end = blank
    return start, end
