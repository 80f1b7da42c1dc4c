"""Text carried by characters that nobody sees, or that show as something else than letters.

Tag characters, variation selectors as bytes, zero-width characters as bits, regional indicators, letters turned upside
down. These are read from the text as it is: the canonical glass takes most of them away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from firewall.payload.encodings import bits, readable, run
from firewall.payload.wording import Wording, known, patched, words_of
from firewall.vocabulary import View

_TAGS = re.compile("[\U000e0020-\U000e007e]{3,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{6,}")
_BITS = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff\u180e]{40,}")
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff](?:[ \u200b-\u200d\u2060\ufe0f]{0,3}[\U0001f1e6-\U0001f1ff]){4,}")
_BLANKS = re.compile("[\u200b-\u200d\u2060\ufe0f]")
# fmt: off
_UPRIGHT = dict(zip(
    "ɐqɔpǝɟƃɓɥᴉıɾʞןʅɯuodbɹsʇnʌʍʎ˙¿¡",  # noqa: RUF001 - letters upside down
    "abcdefgghiijkllmnopqrstuvwy.?!", strict=True,
))
# fmt: on
_LINE = re.compile("[^\n\x1e]+")
_TURNED = re.compile(f"[{''.join(char for char in _UPRIGHT if not char.isascii())}]")
_UPRIGHT_LETTERS = str.maketrans(_UPRIGHT)


def tags(text: str) -> Iterator[View]:
    """Read ASCII spelled in tag characters."""
    for match in _TAGS.finditer(text):
        yield run("tags", "".join(chr(ord(char) - 0xE0000) for char in match[0]), match.start(), match.end())


def selectors(text: str) -> Iterator[View]:
    """Read bytes carried by variation selectors, one byte a selector."""
    for match in _SELECTORS.finditer(text):
        codes = [ord(char) - 0xFE00 if char < "\uffff" else ord(char) - 0xE0100 + 16 for char in match[0]]
        if hidden := readable(bytes(codes)):
            yield run("selectors", hidden, match.start(), match.end())


def zero_width(text: str) -> Iterator[View]:
    """Read bits carried by two kinds of characters that draw nothing; a third kind may stand between bytes."""
    for match in _BITS.finditer(text):
        kinds = sorted(set(match[0]), key=match[0].count, reverse=True)
        if 2 <= len(kinds) <= 3:
            digits = match[0].translate({ord(kinds[0]): "0", ord(kinds[1]): "1", **{ord(k): None for k in kinds[2:]}})
            for found in (digits, digits.translate({48: "1", 49: "0"})):
                if plain := bits(found):
                    yield run("zero-width", plain, match.start(), match.end())


def regional(text: str) -> Iterator[View]:
    """Read letters written as regional indicators. A few flags in a row are left alone."""
    for match in _REGIONAL.finditer(text):
        words = _BLANKS.sub("", match[0])
        plain = "".join(char if char == " " else chr(ord(char) - 0x1F1E6 + 97) for char in words)
        if " " in plain and max(map(len, plain.split())) == 1:  # a blank after each keeps them from showing as flags
            plain = plain.replace("   ", "\n").replace(" ", "").replace("\n", " ")
        yield run("regional", plain, match.start(), match.end())


def upside_down(text: str) -> Iterator[View]:
    """Read lines of letters turned upside down, in the order they stand in or from the last to the first."""
    if not _TURNED.search(text):
        return
    for match in _LINE.finditer(text):
        if not _TURNED.search(match[0]):
            continue
        forwards = match[0].translate(_UPRIGHT_LETTERS)
        plain = max(forwards[::-1], forwards, key=lambda line: known(words_of(line)))
        if known(words_of(plain)) > max(8, len(plain) // 3):
            view = patched("upside-down", text, match.start(), match.end(), [(match.start(), match.end(), plain)])
            yield view if plain is forwards else run("upside-down", plain, match.start(), match.end())


def unseen(wording: Wording) -> Iterator[View]:
    """Read everything of these kinds in a text."""
    if not wording.text.isascii():
        for reader in (tags, selectors, zero_width, regional, upside_down):
            yield from reader(wording.text)
