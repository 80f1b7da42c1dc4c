"""Another text of the same format, one for each: a keyed order over all texts of a format, in which each has a next one.

The format is which characters are digits, small letters, capitals or anything else; what is neither letter nor digit
stays. All texts of one format stand in one secret cycle, and a text becomes the one behind it. So no text becomes
itself, no two become the same, and nothing has to be kept. The cycle is a step of one between a permutation and its
inverse: an eight-round Feistel network over the two halves of the text as numbers (after FF1 of NIST SP 800-38G, with
an alphabet for each place).
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

_ROUNDS: Final = 8
_BLOCK: Final = 48  # characters that are permuted together; longer texts are taken block by block
_NOT_ZERO: Final = "123456789"
_HEX: Final = frozenset(string.hexdigits)
_ALPHABETS: Final = (
    string.digits,
    string.ascii_lowercase,
    string.ascii_uppercase,
    "абвгдежзийклмнопрстуфхцчшщыьэюя",
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЫЬЭЮЯ",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
)
_SCRIPT: Final = 64  # code points of other scripts that are taken for one alphabet


def next_of(text: str, key: bytes, *, hexadecimal: bool = False) -> str:
    """Return the text behind a text in the cycle of its format under a key (at most 64 bytes).

    A number keeps whether it begins with 0, and so a single 0 is the only text that becomes itself. With `hexadecimal` the letters a to f stay among themselves.
    """
    places, alphabets = _format(text, hexadecimal)
    characters = list(text)
    tweak = b""
    for at in range(0, len(places), _BLOCK):
        mine, letters = places[at : at + _BLOCK], alphabets[at : at + _BLOCK]
        made = _next([characters[place] for place in mine], letters, key, tweak)
        for place, character in zip(mine, made, strict=True):
            characters[place] = character
        # The block behind depends on what this one became, and so on all before it.
        tweak = _digest(key, tweak + "".join(made).encode("utf-8", "surrogatepass"))
    return "".join(characters)


def next_valid(text: str, key: bytes, holds: Callable[[str], bool], *, most: int = 4_096) -> str | None:
    """Return the first text behind a text that holds, for a text that holds itself; None where there is none near.

    Among all texts that hold this is a cycle again: each becomes another one, and no two the same.
    """
    candidate = text
    for _ in range(most):
        candidate = next_of(candidate, key)
        if holds(candidate):
            return candidate if candidate != text else None
    return None


def _format(text: str, hexadecimal: bool) -> tuple[list[int], list[str]]:
    places: list[int] = []
    alphabets: list[str] = []
    for place, character in enumerate(text):
        if hexadecimal and character in _HEX:
            alphabet = string.digits + ("ABCDEF" if text.upper() == text else "abcdef")
            character = character if character in alphabet else character.lower()  # noqa: PLW2901 - mixed case is one
        else:
            alphabet = _alphabet(character)
        if not alphabet:
            continue
        if not places and character in string.digits and not hexadecimal:
            alphabet = "0" if character == "0" else _NOT_ZERO
        places.append(place)
        alphabets.append(alphabet)
    return places, alphabets


@functools.lru_cache(4_096)
def _alphabet(character: str) -> str:
    """Return the characters that may take a character's place; none for what is neither letter nor digit."""
    for alphabet in _ALPHABETS:
        if character in alphabet:
            return alphabet
    if character.isascii() or not character.isalnum():
        return ""
    begin = ord(character) // _SCRIPT * _SCRIPT
    near = (one for one in map(chr, range(begin, begin + _SCRIPT)) if not any(one in known for known in _ALPHABETS))
    kind = (character.isalpha(), character.islower(), character.isupper())
    return "".join(one for one in near if one.isalnum() and (one.isalpha(), one.islower(), one.isupper()) == kind)


def _next(characters: Sequence[str], alphabets: Sequence[str], key: bytes, tweak: bytes) -> list[str]:
    half = len(characters) // 2
    sides = alphabets[:half], alphabets[half:]
    sizes = math.prod(map(len, sides[0])), math.prod(map(len, sides[1]))
    tweak += repr([*map(len, alphabets)]).encode()
    left, right = _number(characters[:half], sides[0]), _number(characters[half:], sides[1])
    for turn in reversed(range(_ROUNDS)):
        if turn % 2:
            right = (right - _round(key, tweak, turn, left)) % sizes[1]
        else:
            left = (left - _round(key, tweak, turn, right)) % sizes[0]
    whole = (left * sizes[1] + right + 1) % (sizes[0] * sizes[1])
    left, right = divmod(whole, sizes[1])
    for turn in range(_ROUNDS):
        if turn % 2:
            right = (right + _round(key, tweak, turn, left)) % sizes[1]
        else:
            left = (left + _round(key, tweak, turn, right)) % sizes[0]
    return [*_characters(left, sides[0]), *_characters(right, sides[1])]


def _round(key: bytes, tweak: bytes, turn: int, other: int) -> int:
    told = bytes([turn]) + tweak + b"\0" + other.to_bytes((other.bit_length() + 7) // 8, "big")
    return int.from_bytes(_digest(key, told), "big")


def _digest(key: bytes, told: bytes) -> bytes:
    return blake2b(told, key=key, digest_size=64).digest()


def _number(characters: Sequence[str], alphabets: Sequence[str]) -> int:
    number = 0
    for character, alphabet in zip(characters, alphabets, strict=True):
        found = alphabet.find(character)
        number = number * len(alphabet) + (found if found >= 0 else alphabet.find(character.swapcase()))
    return number


def _characters(number: int, alphabets: Sequence[str]) -> list[str]:
    result = []
    for alphabet in reversed(alphabets):
        number, index = divmod(number, len(alphabet))
        result.append(alphabet[index])
    return result[::-1]
