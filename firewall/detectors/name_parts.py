"""What a name that was found is made of, and where its parts stand again in other texts.

`Maria L. Gonzalez` is also `Gonzalez`, `Ms. GONZALEZ`, `M. Gonzalez`, `Gonzalez, M.`, `gonzalez_m` and, where somebody signs,
`MLG`. A part that is a word of the language, a place or the name of a disease is the person only where what stands
beside it says so. Linear: each text is read word by word, and each word is looked up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from firewall.detectors import name_words as words
from firewall.payload.lexicon import ENGLISH
from firewall.validators.words import person_name

_WORD: Final = re.compile(r"[^\W\d_]++(?:['\u2019][^\W\d_]++)*+")
_MOST_WORDS: Final = 6  # a finding of more is no name but a line with one in it
_LOGIN: Final = 4  # letters of a surname that makes a login together with an initial
_LOWER: Final = 4  # letters of a part that is taken in lower case
_BESIDE: Final = 32  # code points of a text that say what a word is
_TWO: Final = 2
_FEW: Final = 64  # initials that are asked for one by one
_GAP: Final = re.compile(
    r"(?:,? ?|-|\.|_|\^|, )(?:[A-Z](?:\. ?| ))?(?:(?:van|von|vom|zu|zur|de|der|den|del|dela|della|di|da|das|dos|du|des|la|las|le|les|los|el|al|bin|"
    r"ibn|ben|ter|ten|te|y|e) ){0,3}",
    re.IGNORECASE,
)
_GAP_CHARS: Final = 24
_INITIAL_BEFORE: Final = re.compile(r"(?<![^\W_])([A-Z])(?:\. ?| |_)(?:[A-Z](?:\. ?| ))?\Z", re.IGNORECASE)
_INITIAL_AFTER: Final = re.compile(r"(?:, ?| |_)([A-Z])(?:\.|(?![^\W_]))(?: ?[A-Z](?:\.|(?![^\W_])))?", re.IGNORECASE)
_DOUBLE: Final = re.compile(r"-[A-Z\u00c0-\u00de][^\W\d_]{2,24}(?![^\W_])")
_PREVIOUS: Final = re.compile(r"([^\W\d_]+) \Z")
_SIGNED: Final = re.compile(
    r"(?i:\b(?:initials?|signed|signature|sign(?:ed)?[- ]off|(?:reviewed|verified|checked|performed|recorded|entered|witnessed|approved|"
    r"prepared|dictated|transcribed|seen|done|tested|analy[sz]ed|collected|administered|released|noted|reported|weighed|signed) ?by|"
    r"analyst|operator|reviewer|author|visto|vu par|gez|kürzel))[\"']?[ \t]{0,2}[:=#/]?[ \t]{0,2}[\"'(]?"
    r"(?P<value>[A-Z](?:\.? ?[A-Z]){1,3}\b)"
)
_SIGNED_AT_END: Final = re.compile(
    r"(?:/s/ ?|[-\u2013\u2014] ?|//? ?)(?P<value>[A-Z](?:\.? ?[A-Z]){1,3}\b\.?)[ \t]*(?:\Z|[\r\n])"
)
_BRACKETED: Final = re.compile(r"[(\[](?P<value>[A-Z](?:\.? ?[A-Z]){1,3}\.?)[)\]]")
_SIGNING_FIELD: Final = re.compile(
    r"(?i:initials?\Z|(?:^|_)(?:signed|reviewed|verified|checked|performed|recorded|entered|witnessed|approved|analy[sz]ed)_?by\Z)"
)


def fold(word: str) -> str:
    """Return a word as it is compared: lower case, without accents, with a plain apostrophe."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.replace("\u2019", "'"))
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def folded(text: str) -> set[str]:
    """Return every word of a text as it is compared, without a genitive's s."""
    return {key.removesuffix("'s") for key in map(fold, _WORD.findall(text))}


@dataclass(frozen=True, slots=True)
class Part:
    """One word of some names. `names` are the numbers of the names it belongs to, `initials` those of their other words.

    `source` is the number of what it was found by. `prefix` are the particles before it. Nothing of it is ever printed.
    """

    source: int
    names: frozenset[int]
    initials: frozenset[str] = field(default=frozenset(), repr=False)
    prefix: str = field(default="", repr=False)
    lower: bool = False  # the name was written in lower case, so the part may be
    login: bool = False  # an initial and a surname in one word

    def with_(self, other: Part) -> Part:
        """Return the two as one: the part of more names, under its first source."""
        return Part(
            self.source,
            self.names | other.names,
            self.initials | other.initials,
            self.prefix or other.prefix,
            self.lower or other.lower,
            self.login and other.login,
        )


@dataclass(slots=True)
class Names:
    """The parts of all names of a document by their folded form, and the initials of whole names."""

    parts: dict[str, Part] = field(default_factory=dict, repr=False)
    initials: dict[str, int] = field(default_factory=dict, repr=False)
    count: int = 0

    def add(self, text: str, source: int) -> None:
        """Take a name that was found. What is no name, too long, or one letter gives no part."""
        own = [(match[0], fold(match[0]).removesuffix("'s")) for match in _WORD.finditer(text)]
        own = [(word, key) for word, key in own if key not in words.TITLES or (word.isalpha() and len(own) == 1)]
        if not own or len(own) > _MOST_WORDS or any(char.isdigit() for char in text):
            return
        self.count += 1
        number = frozenset({self.count})
        lower = text.islower()
        prefix: list[str] = []
        told: list[tuple[str, str]] = []
        for word, key in own:
            if key in words.PARTICLES and len(own) > 1:
                prefix.append(word)
                continue
            if len(key) > 1 and person_name(key):
                told.append((key, " ".join(prefix)))
            prefix = []
        letters = [key[0] for _, key in own if key not in words.PARTICLES]
        for key, before in told:
            others = frozenset(letters) - ({key[0]} if letters.count(key[0]) == 1 else set())
            self.put(key, Part(source, number, others, before, lower))
            if len(key) >= _LOGIN:
                for letter in others:
                    for login in (letter + key, key + letter):
                        self.put(login, Part(source, number, login=True, lower=True))
        if len(told) == _TWO:
            (first, _), (last, _) = told
            for login in (first + last, last + first):
                self.put(login, Part(source, number, login=True, lower=True))
        if _TWO <= len(letters) <= _LOGIN:
            self._sign(letters, text, source)

    def put(self, key: str, part: Part) -> None:
        """Take a part, beside what is known of it."""
        known = self.parts.get(key)
        if known is None or (known.login and not part.login):
            self.parts[key] = part
        elif known.login == part.login:
            self.parts[key] = known.with_(part)

    def _sign(self, letters: Sequence[str], text: str, source: int) -> None:
        """Note what somebody of this name signs with; `Gonzalez, Maria` signs as `Maria Gonzalez` does."""
        order = [*letters[1:], letters[0]] if "," in text or "^" in text else list(letters)
        for signed in {"".join(order), order[0] + order[-1]}:
            self.initials.setdefault(signed, source)

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield start, end and source of each place in a text that is one of the names or a part of one, in order."""
        hits = self._hits(text)
        held: tuple[int, int, Part] | None = None
        for at, (start, end, part, key) in enumerate(hits):
            beside = [
                other[2]
                for other in (*hits[max(0, at - 1) : at], *hits[at + 1 : at + 2])
                if self._adjoin(text, (start, end), other[:2])
            ]
            place = _accepted(text, start, end, part, key, any(part.names & other.names for other in beside))
            if place is None:
                continue
            low, high = place
            same = held is not None and part.names & held[2].names and not (part.login or held[2].login)
            if held and same and (low <= held[1] or _together(text, held[1], low)):
                held = (held[0], max(held[1], high), held[2])
                continue
            if held:
                yield held[0], held[1], held[2].source
            held = (max(low, held[1]) if held else low, high, part)
        if held:
            yield held[0], held[1], held[2].source

    def signed(self, text: str, field_name: str) -> Iterator[tuple[int, int, int]]:
        """Yield start, end and source of each place where initials of one of the names stand as somebody's mark."""
        if not self._may_sign(text):
            return
        if len(text) <= 8 and _SIGNING_FIELD.search(field_name):
            source = self.initials.get(_letters(text))
            if source is not None:
                yield 0, len(text), source
        for pattern, bare in ((_SIGNED, False), (_SIGNED_AT_END, True), (_BRACKETED, True)):
            for match in pattern.finditer(text):
                letters = _letters(match["value"])
                source = self.initials.get(letters)
                if source is not None and not (bare and letters in words.UNITS and "." not in match["value"]):
                    yield *match.span("value"), source

    def _may_sign(self, text: str) -> bool:
        """Tell whether the first two initials of a name stand in a text in one of the ways to write them."""
        if len(self.initials) > _FEW:
            return True
        return any(
            pair in text
            for letters in {initials[:_TWO].upper() for initials in self.initials}
            for pair in (letters, ".".join(letters), " ".join(letters), ". ".join(letters))
        )

    def _hits(self, text: str) -> list[tuple[int, int, Part, str]]:
        hits = []
        for match in _WORD.finditer(text):
            key = fold(match[0])
            part = self.parts.get(key)
            end = match.end()
            if part is None and key.endswith("'s"):
                key = key[:-2]
                part, end = self.parts.get(key), end - 2
            if part is not None:
                hits.append((match.start(), end, part, key))
        return hits

    @staticmethod
    def _adjoin(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
        low, high = min(one[1], other[1]), max(one[0], other[0])
        return high - low <= _GAP_CHARS and _GAP.fullmatch(text, low, high) is not None


def _together(text: str, start: int, end: int) -> bool:
    """Tell whether what stands between two parts of one name belongs to it, and is no mark that a format sets."""
    gap = text[start:end]
    return len(gap) <= _GAP_CHARS and (gap[:1] in " -." or gap[:2] == ", ") and _GAP.fullmatch(gap) is not None


def _letters(value: str) -> str:
    return "".join(char for char in value if char.isalpha()).lower()


def _accepted(text: str, start: int, end: int, part: Part, key: str, beside: bool) -> tuple[int, int] | None:
    """Return the place of a part, grown over what belongs to it, or None where it is not the person."""
    word = text[start:end]
    if text[end : end + 1].isdigit() and (len(key) <= _LOGIN or key in words.WORDS):
        return None
    if text[start - 1 : start].isdigit():
        return None
    before, after = text[max(0, start - _BESIDE) : start], text[end : end + 2 * _BESIDE]
    titled = words.AFTER_TITLE.search(before) is not None
    if part.login:
        return (start, end) if not key.isalpha() or key not in ENGLISH else None
    low, high, grown = _grown(before, after, part, start, end)
    company = beside or titled or grown
    if not beside and not titled:
        named = words.AFTER_EPONYM if key in words.EPONYMS else words.AFTER_NAMED
        if named.match(after) or words.INSTITUTIONS.match(after) or words.BEFORE_HOUSES.search(before):
            return None
    if company:
        return low, high
    if key in words.COMPANY_ONLY or len(key) == _TWO:
        return (low, high) if len(key) == _TWO and word.istitle() and _amid(before) and not _common(key) else None
    if word.islower():
        return (low, high) if not _common(key) and (part.lower or len(key) >= _LOWER) else None
    if _common(key):
        return (low, high) if word[:1].isupper() and not word.isupper() and _amid(before) else None
    return low, high


def _common(key: str) -> bool:
    """Tell whether a name is a common word as well."""
    return key in words.WORDS or key in ENGLISH


def _amid(before: str) -> bool:
    """Tell whether a capital letter behind this text says something: a word in lower case, no article, stands there."""
    match = _PREVIOUS.search(before)
    return match is not None and match[1].islower() and match[1] not in words.ARTICLES


def _grown(before: str, after: str, part: Part, start: int, end: int) -> tuple[int, int, bool]:
    """Return a part's place with what belongs to it, and whether particles or an initial of the name stand beside it."""
    company = False
    if part.prefix and before[-len(part.prefix) - 1 :].lower() == f"{part.prefix} ".lower():
        company = True
        start -= len(part.prefix) + 1
        before = before[: -len(part.prefix) - 1]
    if match := _DOUBLE.match(after):  # a second surname
        end += match.end()
        after = after[match.end() :]
    match = _INITIAL_BEFORE.search(before)
    if match and match[1].lower() in part.initials:
        return start - (len(before) - match.start()), end, True
    match = _INITIAL_AFTER.match(after)
    if match and match[1].lower() in part.initials and (match[1].isupper() or match[0][0] == "_"):
        return start, end + match.end(), True
    return start, end, company
