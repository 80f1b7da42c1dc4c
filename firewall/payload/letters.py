"""Words whose letters were changed one by one: swapped for digits and signs, given accents, or mistyped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from firewall.payload.lexicon import ENGLISH, HOT, REAL, TELLING, WORDS
from firewall.payload.looks import SCRAMBLED, SLIPPED, TYPED, scrambled
from firewall.payload.wording import Wording, finder, found, gate, passages, patched, words_of
from firewall.vocabulary import View

# What digits and signs look like, in the order in which the readings are tried.
_LOOKS = "0123456789@$!|+(<{€£¢¡"
_MEANINGS = tuple(
    str.maketrans(_LOOKS, letters)
    for letters in (
        "oizeasgtbgasiitcccelci",
        "olzeasbtbgaslltcccelci",
        "oizeasglbgasiltcccelci",
        "olzeasgtbgasiltcccelci",
    )
)
_SIGNS = "!|+($<{"
_DIGITS = re.escape(_LOOKS)
_LEETED = gate(
    rf"(?i)[a-z][{_DIGITS}]{{1,3}}[a-z]|(?:^|[^\pL\pN])[{_DIGITS}]{{1,2}}[a-z]{{2}}|[a-z]{{2}}[{_DIGITS}]{{1,3}}(?:$|[^\pL\pN])"
)
_LEET_WORD = re.compile(rf"[A-Za-zÀ-ž{_DIGITS}]{{3,24}}")
_LEET_TOKEN = re.compile(rf"[A-Za-zÀ-ž{_DIGITS}]{{2,24}}|(?<!\\S)@(?!\\S)")
_MIXED = re.compile(r"[A-Za-z][^A-Za-z\s]+[A-Za-z]")
_LATIN = re.compile(r"[A-Za-z]")
_NUMBERED = re.compile(r"[A-Za-z]+[0-9]+\Z")  # step5 is a step, not steps
# Letters drawn with several signs, the longest first.
_DRAWN = {
    "|\\/|": "m", "/\\/\\": "m", "|\\|": "n", "\\/\\/": "w", "|-|": "h", "|_|": "u", "|)": "d", "|<": "k", "/\\": "a", "\\/": "v",
}  # fmt: skip
_DRAWN_SIGNS = re.compile("|".join(map(re.escape, _DRAWN)))
_DRAWN_WORD = gate(r"(?i)[a-z0-9|](?:\|\\/\||\|\\\||\|-\||\|_\||/\\|\\/)[a-z0-9]")

_STROKES = str.maketrans("øØđĐħĦłŁŧŦƀɨʉɇɏıĸ", "oOdDhHlLtTbiueyik")


_SLIPS = frozenset(SLIPPED)


def drawn(wording: Wording) -> Iterator[View]:
    """Read letters that are drawn with bars and strokes. Some of these strokes look like escapes."""
    text = wording.text
    if "\\" in text and _DRAWN_WORD.search(text) is not None:
        signs = [(match.start(), match.end(), _DRAWN[match[0]]) for match in _DRAWN_SIGNS.finditer(text)]
        for start, end, group in passages(text, signs):
            if len(group) > 2:
                yield patched("leet", text, start, end, group)


def leet(wording: Wording) -> Iterator[View]:
    """Read digits and signs as the letters they look like, where that gives words."""
    text = wording.text
    if _LEETED.search(text) is None:
        return
    read = {word: plain for word in set(_LEET_WORD.findall(text)) if (plain := _unleet(word))}
    if len({plain for word, plain in read.items() if _tells(word, plain)}) < 2:
        return
    edits = [(match.start(), match.end(), read[match[0]]) for match in _LEET_WORD.finditer(text) if match[0] in read]
    for start, end, group in passages(text, edits):
        told = len({new for first, last, new in group if _tells(text[first:last], new)})
        if told > 1:
            yield patched("leet", text, start, end, _all_read(text, start, end) if told > 3 else group)


def _all_read(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Read every token of a passage that is leet beyond doubt, also the short ones and those that give no known word."""
    for match in _LEET_TOKEN.finditer(text, start, end):
        word = match[0]
        if (
            plain := "a"
            if word == "@"
            else _unleet(word, numbers=True) or (_likely(word) if _MIXED.search(word) else None)
        ):
            yield match.start(), match.end(), plain


def _likely(word: str) -> str:
    """Return how a token is probably meant that gives no known word."""
    return word.translate(_MEANINGS[3]) if "!" in word else word.translate(_MEANINGS[0]).replace("ii", "ll")


def _tells(word: str, plain: str) -> bool:
    """Tell whether a reading shows that somebody writes leet: step5 is a step, not steps."""
    return len(plain) > 2 and not _NUMBERED.match(word)


def _unleet(word: str, *, numbers: bool = False) -> str | None:
    """Return the known word that a token can be read as, or None. Signs at its ends may be punctuation."""
    if word.isalpha() or not (numbers or _LATIN.search(word)):
        return None
    for core in (word, word.rstrip(_SIGNS), word.strip(_SIGNS)):
        if core.isalpha() or not core:
            return None
        lower = core.lower()
        for meaning in _MEANINGS:
            if (plain := lower.translate(meaning)) in WORDS:
                return word.replace(core, plain)
    return None


def accented(wording: Wording) -> Iterator[View]:
    """Take accents off words that are only words without them."""
    text = wording.text
    if text.isascii():
        return
    bared = {word: _bared(word) for word in wording.distinct if not word.isascii()}
    posing = {word: plain for word, plain in bared.items() if plain in ENGLISH and word not in WORDS}
    if sum(len(plain) > 3 for plain in posing.values()) < 2:
        return
    edits = [(start, end, posing[word]) for word, start, end in wording.places() if word in posing]
    for start, end, group in passages(text, edits):
        honest = {word for word in words_of(text[start:end]) if bared.get(word) and word not in posing}
        if len({new for _, _, new in group if len(new) > 3}) > max(1, len(honest)):
            yield patched("accents", text, start, end, group)


@lru_cache(maxsize=16_384)
def _bared(word: str) -> str:
    """Return an accented word without its accents, or nothing where it is no word of Latin letters."""
    plain = "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
    plain = plain.translate(_STROKES)
    return plain if plain.isascii() else ""


def mistyped(wording: Wording) -> Iterator[View]:
    """Mend words that have letters swapped, left out, doubled or exchanged, where several stand together."""
    fixes = {word: SLIPPED[word] for word in wording.distinct & _SLIPS}
    for word in wording.distinct - WORDS - REAL:
        if 4 < len(word) < 16 and (mended := SCRAMBLED.get(scrambled(word))):
            fixes[word] = mended
    if len({*fixes.values(), *(wording.distinct & HOT)}) < 2 or not fixes:
        return
    edits = [(start, end, fixes[word]) for word, start, end in found(finder(fixes), wording.text)]
    for start, end, group in passages(wording.text, edits):
        right = {new for _, _, new in group}
        spelled = TELLING.union(HOT).intersection(word for word in words_of(wording.text[start:end]) if len(word) > 3)
        if len(right) > 2 or (right & TYPED and (len(right) > 1 or len(spelled) > 1)):
            yield patched("typos", wording.text, start, end, group)
