"""Letters that stand apart, whatever stands between them: blanks, dots, dashes, lines, unseen characters, emoji."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from firewall.payload.encodings import run
from firewall.payload.lexicon import WORDS
from firewall.payload.looks import parted
from firewall.payload.wording import Wording, gate, passages, patched, words_of
from firewall.vocabulary import View

_LETTER = "A-Za-zÀ-ɏͰ-ԯ"  # of the scripts in which words are made of letters with blanks between words
_SIGN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # of those in which they are not
_SPACED_OUT = gate(rf"(?:(?:^|[^\pL\pN])[{_LETTER}][^\pL\pN]{{0,3}}){{5}}[^\pL\pN][{_LETTER}](?:$|[^\pL\pN])")
_SPACED = re.compile(rf"(?<![^\W_])[{_LETTER}](?:[\W_]{{1,4}}[{_LETTER}0-9](?![^\W_])){{2,}}")
_STEP = re.compile(r"([\W_]+)([^\W_])")
_SIGNS_APART = re.compile(rf"[{_SIGN}](?:[-._*·•/|~+、。]{{1,2}}[{_SIGN}]){{4,}}")
_STOP = re.compile(r"[.,:;!?]")
_LEAST = 6  # letters in a row that may be more than initials, options of a list or a formula
_LONG = 12  # letters that are none of these whatever they spell
_NEARLY = 0.6


def spaced(wording: Wording) -> Iterator[View]:
    """Put letters that stand apart together again. The gap between words is another one, or is told by what they spell."""
    text = wording.text
    if not text.isascii():
        for match in _SIGNS_APART.finditer(text):
            yield run("spaced", "".join(char for char in match[0] if char.isalpha()), match.start(), match.end())
    if _SPACED_OUT.search(text) is None:
        return
    edits = [(match.start(), match.end(), _closed(match[0])) for match in _SPACED.finditer(text)]
    for start, end, group in passages(text, edits):
        if any(_tells(text[first:last], plain) for first, last, plain in group):
            yield patched("spaced", text, start, end, group)


def _tells(apart: str, plain: str) -> bool:
    """Tell whether a run is more than initials or the letters of a date's format: it spells words, or goes on for long."""
    letters = sum(map(str.isalpha, apart))
    return letters >= _LONG or (letters >= _LEAST and 2 * _spelled(plain) >= letters)


def _closed(apart: str) -> str:
    """Close the gaps of one run of letters."""
    steps = [(match[1], match[2]) for match in _STEP.finditer(apart)]
    gaps = Counter(gap for gap, _ in steps)
    usual, shortest = gaps.most_common(1)[0][0], min(map(len, gaps))
    guesses: tuple[Callable[[str], bool], ...] = (
        lambda gap: gap == usual,
        lambda gap: len(gap) == shortest,
        lambda gap: not gap.isspace(),
        lambda _: True,
    )
    readings = [
        parted(apart[0] + "".join(_step(gap, usual, joins(gap)) + sign for gap, sign in steps)) for joins in guesses
    ]
    # The first that spells nearly as much as any: cutting everything anew finds short words in every long one.
    told = [_spelled(reading) for reading in readings]
    return next(reading for reading, count in zip(readings, told, strict=True) if count >= _NEARLY * max(told))


def _step(gap: str, usual: str, joins: bool) -> str:
    """Return what is left of a gap: nothing between letters, a blank between words, and the stops of the sentence."""
    if joins:
        return ""
    return "".join(stop for stop in _STOP.findall(gap) if stop not in usual) + " "


def _spelled(plain: str) -> int:
    """Return how many letters stand in known words that are not the shortest."""
    return sum(len(word) for word in words_of(plain) if len(word) > 2 and word in WORDS)
