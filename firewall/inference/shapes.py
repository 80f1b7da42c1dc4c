"""The case and digit shape of words, told to a model as token types: what pieces of words alone do not show.

A word is a longest run of letters, digits and combining marks. Its shape is one of six token types.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firewall.inference.windows import Tokens

OTHER: Final = 0  # punctuation, symbols, scripts without case
LOWER: Final = 1
CAPITALISED: Final = 2
UPPER: Final = 3
MIXED: Final = 4
DIGITS: Final = 5  # any digit, whatever the letters
SHAPES: Final = 6

# One bit field a character: part of a word, upper case, lower case, digit.
_WORD: Final = 1
_UPPER: Final = 2
_LOWER: Final = 4
_DIGIT: Final = 8
_PLANE: Final = 0x10000


def word_bounds(text: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return for every code point the start and the end of its word; a code point outside words is one of its own."""
    return _bounds(_kinds(text))


def word_shapes(text: str, tokens: Tokens) -> NDArray[np.int8]:
    """Return the shape of the word that each token starts in, as a token type in `[0, SHAPES)`; linear in the text."""
    if not len(tokens) or not text:
        return np.zeros(len(tokens), dtype=np.int8)
    kinds = _kinds(text)
    starts, ends = _bounds(kinds)
    places = np.minimum(tokens.starts, len(text) - 1)
    first, last = starts[places], ends[places]

    def count(bit: int) -> NDArray[np.int32]:
        total = np.zeros(len(text) + 1, dtype=np.int32)
        np.cumsum((kinds & bit) != 0, out=total[1:])
        return total[last] - total[first]

    upper, lower, digits = count(_UPPER), count(_LOWER), count(_DIGIT)
    begins_upper = (kinds[first] & _UPPER) != 0
    shapes = np.full(len(tokens), MIXED, dtype=np.int8)
    shapes[(upper == 0) & (lower > 0)] = LOWER
    shapes[(upper > 1) & (lower == 0)] = UPPER
    shapes[(upper == 1) & begins_upper] = CAPITALISED
    shapes[(upper == 0) & (lower == 0)] = OTHER
    shapes[digits > 0] = DIGITS
    return shapes


def _bounds(kinds: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    count = len(kinds)
    places = np.arange(count, dtype=np.int32)
    if not count:
        return places, places
    inside = (kinds & _WORD) != 0
    begins = np.ones(count, dtype=bool)
    begins[1:] = ~(inside[1:] & inside[:-1])
    starts = np.maximum.accumulate(np.where(begins, places, 0)).astype(np.int32)
    ends = np.empty(count, dtype=np.int32)
    edges = np.flatnonzero(begins)
    lengths = np.diff(np.append(edges, count))
    ends = np.repeat((edges + lengths).astype(np.int32), lengths)
    return starts, ends


def _kinds(text: str) -> NDArray[np.uint8]:
    """Return the bit field of every code point; lone surrogates and unassigned code points count as symbols."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    table = _table()
    kinds = table[np.minimum(points, _PLANE - 1)]
    beyond = np.flatnonzero(points >= _PLANE)
    if len(beyond):
        kinds[beyond] = [_kind(text[place]) for place in beyond]
    return kinds


@cache
def _kind(character: str) -> int:
    bits = 0
    if character.isalnum() or unicodedata.category(character) in {"Mn", "Mc"}:
        bits |= _WORD
    if character.isupper() or character.istitle():
        bits |= _UPPER
    elif character.islower():
        bits |= _LOWER
    if character.isdigit():
        bits |= _DIGIT
    return bits if bits & _WORD else 0


@cache
def _table() -> NDArray[np.uint8]:
    """Return the bit fields of the basic plane; built once, about 30 ms."""
    return np.fromiter((_kind.__wrapped__(chr(point)) for point in range(_PLANE)), dtype=np.uint8, count=_PLANE)
