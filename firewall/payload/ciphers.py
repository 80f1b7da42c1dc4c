"""Letters put for other letters, and text that runs backwards: by letters, by words, or each word by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from firewall.payload.encodings import run
from firewall.payload.lexicon import WORDS
from firewall.payload.looks import CIPHERED, TURNED, UNDO
from firewall.payload.wording import Wording, patched, pieces, words_of
from firewall.vocabulary import View

_SHORT = 40  # words; in a text so short one word less that only a cipher explains is enough
_SURE = {"reversed": 2, "rot13": 2}  # distinct words that a run must give back; the rarer ciphers need one more
_SHARE = (
    0.15  # of the words of a stretch, that the cipher must explain; in a language unknown here chance explains some
)
_LONG_WORD = 6  # letters; no honest word of that length looks ciphered
_FEW_LETTERS = 8  # in short words, that chance may explain as well
_MOST_BY_CHANCE = 3  # words of a long honest text that look ciphered
_MOST_PLAIN = 1  # plain words inside a stretch, between two that only the cipher explains
_MOST_UNKNOWN = 12
_BREAK = re.compile(r"[\n\x1e]")
_LONGEST_TURNED = 1_000  # code points of one view of a reversed run: a finding in it covers the view
# What orders are made of in scripts without blanks, as it looks where the text runs backwards.
_TURNED_SIGNS = (
    "略忽", "令指", "示指", "词示提", "詞示提", "統系", "统系", "前之", "視無", "トプンロプ", "ムテスシ",
    "하시무", "해시무", "시지", "트프롬프", "템스시",
)  # fmt: skip
_LOOKS = frozenset(CIPHERED)
_STOPS = ".,;:!?"
_BLACK = re.compile(r"[^\s\x1e]+")


def substituted(wording: Wording) -> Iterator[View]:
    """Undo the shift of letters, or the turned alphabet, wherever it gives back words that were not there."""
    for name in _suspects(wording):
        if name == "reversed":
            continue
        spans = list(_runs(wording, name))
        if spans and len(wording.words) < _SHORT and not _plain_outside(wording.text, spans):
            spans = [(0, len(wording.text))]  # markup and names around the words are ciphered with them
        for start, end in spans:
            view = "rot13" if name == "rot13" else "cipher"
            plain = wording.text[start:end].translate(UNDO[name])
            yield patched(view, wording.text, start, end, [(start, end, plain)])


def _plain_outside(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Tell whether plain words stand before or behind the stretches that a cipher explains."""
    around = words_of(text[: spans[0][0]]) + words_of(text[spans[-1][1] :])
    return sum(len(word) for word in around if len(word) > 2 and word in WORDS) > _FEW_LETTERS // 2


def backwards(wording: Wording) -> Iterator[View]:
    """Turn round what runs from its last letter to its first, as a whole and word by word."""
    text = wording.text
    if "reversed" in _suspects(wording):
        for start, end in _runs(wording, "reversed"):
            by_word = _words_turned(text, start, end)
            order = _oddity(by_word.text) - _oddity(text[start:end][::-1])
            if order >= 0:
                for first, last in reversed(list(_chunks(text, start, end))):
                    yield run("reversed", text[first:last][::-1], first, last)
            if order <= 0:
                yield by_word
    if not text.isascii() and _turned(text):
        for start, end in _lines(text):
            if _turned(text[start:end]):
                yield run("reversed", text[start:end][::-1], start, end)
    if len(TURNED & wording.neighbours) > 1:
        for start, end in _lines(text):
            words = words_of(text[start:end])
            if sum(first + second in TURNED for first, second in pairwise(words)) > 1:
                turned = (word.strip(_STOPS) for word in reversed(text[start:end].split()))
                yield run("turned", " ".join(turned), start, end)


def _oddity(text: str) -> int:
    """Return how much speaks against an order of words: pairs that nobody writes, a capital only at the end."""
    words = [word.strip("\"'(") for word in text.split() if any(map(str.isalpha, word))] or [""]
    return len(TURNED & Wording(text).neighbours) + words[-1][:1].isupper() - words[0][:1].isupper()


def _turned(text: str) -> bool:
    """Tell whether a text without blanks between words runs backwards: more signs of it than of the contrary."""
    signs = sum(sign in text for sign in _TURNED_SIGNS)
    return signs > 1 and signs > sum(sign[::-1] in text for sign in _TURNED_SIGNS)


def _suspects(wording: Wording) -> Sequence[str]:
    """Return the ciphers that explain enough words of a text, the likeliest first."""
    seen = wording.distinct & _LOOKS
    if not seen:
        return ()
    votes = Counter(name for word in seen for name in CIPHERED[word])
    surely = Counter(name for word in seen if len(word) >= _LONG_WORD for name in CIPHERED[word])
    chance = min(_MOST_BY_CHANCE, len(wording.words) // 1_500)  # long texts hold names and pieces of numbers
    return [
        name
        for name, count in votes.most_common(4)
        if count >= _enough(wording, name) + (chance if surely[name] < 2 else 0)
    ]


def _enough(wording: Wording, name: str) -> int:
    return _SURE.get(name, 3) - (len(wording.words) < _SHORT)


def _runs(wording: Wording, name: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of text that a cipher explains better than plain reading does.

    A stretch goes from one word that only the cipher explains to the next, and on over unknown words of the same
    line at its ends, but over no two plain words.
    """
    text, enough = wording.text, _enough(wording, name)
    stretch: _Stretch | None = None
    lead = 0  # where the unknown words in front of this one begin
    last = plain = 0
    for word, start, end in [*wording.places(), ("", len(text), len(text))]:
        if _BREAK.search(text, last, start):
            lead = start
        if name in CIPHERED.get(word, ()):
            if stretch is None or plain > _MOST_PLAIN or stretch.since > _MOST_UNKNOWN:
                if stretch is not None and stretch.holds(enough):
                    yield stretch.edges(text)
                stretch = _Stretch(min(lead, start))
            stretch.take(word, end)
            plain = 0
        elif len(word) > 1 and word in WORDS and not _both_ways(word, name):
            plain += len(word) > 2
            lead = end
        elif stretch is not None:
            stretch.pass_by(end, joined=not plain and not _BREAK.search(text, stretch.end, start))
        last = end
    if stretch is not None and stretch.holds(enough):
        yield stretch.edges(text)


def _both_ways(word: str, name: str) -> bool:
    """Tell whether a plain word is what the cipher makes of another one: `no` and `on`."""
    return (word[::-1] if name == "reversed" else word.translate(UNDO[name])) in WORDS


class _Stretch:
    """Part of a text: where it stands, how many words, and which of them a cipher explains."""

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.words = self.since = 0
        self.odd: list[str] = []

    def take(self, word: str, end: int) -> None:
        """Take in a word that only the cipher explains."""
        self.words += self.since + 1
        self.since = 0
        self.odd.append(word)
        self.end = end

    def pass_by(self, end: int, *, joined: bool) -> None:
        """Pass an unknown word, which belongs here if it follows in the same line."""
        self.since += 1
        if joined:
            self.end = end

    def holds(self, enough: int) -> bool:
        """Tell whether the words are too many to be chance."""
        told = {*self.odd}
        sure = sum(map(len, told)) >= _FEW_LETTERS or any(len(word) > 4 for word in told)
        return sure and len(told) >= enough and len(self.odd) >= _SHARE * self.words

    def edges(self, text: str) -> tuple[int, int]:
        """Return where it begins and ends, with the marks that touch it: the full stop of a reversed sentence."""
        start, end = self.start, self.end
        while start > 0 and not text[start - 1].isalnum() and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and not text[end].isalnum() and not text[end].isspace():
            end += 1
        while start < end and text[start].isspace():
            start += 1
        return start, end


def _chunks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a long stretch at the ends of its sentences."""
    first = last = start
    for low, high in pieces(text[start:end]):
        if last > first and start + high - first > _LONGEST_TURNED:
            yield first, last
            first = start + low
        last = start + high
    if last > first:
        yield first, last


def _words_turned(text: str, start: int, end: int) -> View:
    edits = [(match.start(), match.end(), match[0][::-1]) for match in _BLACK.finditer(text, start, end)]
    return patched("reversed", text, start, end, edits)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each line or field begins and ends."""
    at = 0
    for line in text.replace("\x1e", "\n").split("\n"):
        if line.strip():
            yield at, at + len(line)
        at += len(line) + 1
