"""Words broken into parts, run together, or kept apart by marks that a reader passes over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from firewall.payload.lexicon import ENGLISH, HOT, ORDERS, REAL, WORDS
from firewall.payload.looks import segmented
from firewall.payload.wording import REACH, Place, Wording, gate, passages, patched, words_of
from firewall.vocabulary import View

_KNOWN = WORDS | REAL
_LONG_WORDS = frozenset(word for word in WORDS if len(word) > 4)
# Words that honest neighbours spell as well ("with in", "user's"): they do not tell that somebody breaks words.
_HONEST = frozenset(
    word
    for word in _LONG_WORDS
    if word[1:] in _KNOWN
    or word[:-1] in _KNOWN
    or any({word[:at], word[at:]} <= (_KNOWN if 2 < at < len(word) - 2 else ENGLISH) for at in range(2, len(word) - 1))
)
_BROKEN = _LONG_WORDS - _HONEST - {"https"}
_MOST_PARTS = 8
_AROUND = 30  # words before and after a broken one that are looked at for others
_LONGEST = 16
_GAP = re.compile(r"[^\w\x1e,]{0,4}(?:[^\w\x1e,]|_)[^\w\x1e,]{0,8}\Z")  # between the parts of a word
_TAG = r"</?(?:b|i|em|strong|span|u|s|wbr|font|a|sub|sup|mark|small|big|code|tt|ins|del|kbd|abbr)\b[^<>\x1e]{0,120}>"
_MARKUP_IN_WORD = gate(rf"(?i)[A-Za-zÀ-ɏͰ-ԯ](?:\*{{1,3}}|~~|`|<!--[^<>\x1e]{{0,80}}-->|{_TAG})+[A-Za-zÀ-ɏͰ-ԯ]")
_MARKED_WORD = re.compile(r"(?<!\w)([*_~`]{1,3})\w+\1(?!\w)")
_MOST_MARKED = 3  # words of a passage of prose that have emphasis each by itself
_MARKUP = re.compile(
    rf"(?i)<!--[^\x1e]{{0,120}}?-->|{_TAG}|\*{{1,3}}|~~|`+|(?<!\w)_{{1,3}}(?=\w)|(?<=\w)_{{1,3}}(?!\w)"
)
_MARKS = re.compile(r"(?:<[^<>\x1e]{1,120}>|[^\w\s'’]|_|[^\S\x1e])+")  # noqa: RUF001 - the apostrophe of typesetters
# What stands between words of prose and of JSON.
_PLAIN = re.compile(r"[\s,.;:!?()\"“”‘’{}\[\]\x1e]*|\s?[–—/-]\s?")  # noqa: RUF001 - the same
_MOST_GAPS = 4  # between two words of an order
_TOGETHER = gate(r"[A-Za-z]{18,}")
_HOT_INSIDE = gate("|".join(sorted(word for word in HOT if word.isascii() and len(word) > 5)))
_KEY = r"\"[^\"\n\x1e]{1,40}\"\s{0,4}:\s{0,4}"
_JUNCTION = re.compile(
    rf"\"\s{{0,4}},\s{{0,40}}(?:{_KEY})?\"(?![^\"\n\x1e]{{0,80}}\"\s{{0,4}}:)|\x1e(?:[a-z0-9 ]{{1,80}}: )?"
)
# A text that was cut into fields keeps its blanks, at the end of a field or at the beginning of the next.
_CUT = gate(rf"[^\s\"] \"\s{{0,4}},\s{{0,40}}(?:{_KEY})?\"|\"\s{{0,4}},\s{{0,40}}(?:{_KEY})?\" [^\s\"]")
_FEW_FIELDS = 6
_NEARBY = 48  # code points before and after the border of two fields
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NEAR = 100  # code points between two words of an order


def markup(wording: Wording) -> Iterator[View]:
    """Take emphasis and tags off a passage in which they stand inside words."""
    text = wording.text
    if _MARKUP_IN_WORD.search(text) is None:
        return
    sites = [(match.start(), match.end(), "") for match in _MARKUP_IN_WORD.finditer(text)]
    for start, end, group in passages(text, sites):
        view = patched("markup", text, start, end, [(*m.span(), "") for m in _MARKUP.finditer(text, start, end)])
        told = {*words_of(view.text)}.difference(words_of(text[start:end]))
        marked = sum(1 for _ in _MARKED_WORD.finditer(text, start, end))
        if len(group) > 1 or marked > _MOST_MARKED or not _LONG_WORDS.isdisjoint(told):
            yield view


def rejoined(wording: Wording) -> Iterator[View]:
    """Put the parts of a word together, whatever stands between: blanks, hyphens, quotes and pluses."""
    text = wording.text
    spelled = wording.neighbours & _BROKEN
    if len(spelled) < 2 and spelled.isdisjoint(ORDERS):
        return
    places = list(wording.places())
    edits: list[tuple[int, int, str]] = []
    done = 0
    for at in _suspects(wording):
        if at >= done:
            last, word = _whole(text, places, at)
            if word:
                edits.append((places[at][1], places[last][2], word))
                done = last + 1
    for start, end, group in passages(text, edits):
        told = {word for word in words_of(text[start:end]) if word in ORDERS}
        if len(told.union(word for _, _, word in group)) > 1:
            yield patched("rejoined", text, start, end, group)


def _suspects(wording: Wording) -> Iterator[int]:
    """Yield where broken words may begin: the words near two or three neighbours that spell a known one."""
    words = wording.words
    end = 0
    for at, (first, second, third) in enumerate(zip(words, [*words[1:], ""], [*words[2:], "", ""], strict=True)):
        if first + second in _BROKEN or first + second + third in _BROKEN:
            yield from range(max(end, at - _AROUND), at)
            end = at + _AROUND
        if at < end:
            yield at


def _whole(text: str, places: Sequence[Place], first: int) -> tuple[int, str]:
    """Return the longest known word that the parts from `first` on spell: its last part, and the word or nothing."""
    spelled, _, end = places[first]
    strange, single = _strange(spelled)
    longest = first, ""
    for index in range(first + 1, min(first + _MOST_PARTS, len(places))):
        part, start, stop = places[index]
        spelled += part
        strange, single = strange + _strange(part)[0], single + _strange(part)[1]
        if len(spelled) > _LONGEST or not _GAP.match(text[end : min(start, end + 16)]):
            break
        if (strange or single > 1) and spelled in _LONG_WORDS:
            longest = index, spelled
        end = stop
    return longest


def _strange(part: str) -> tuple[int, int]:
    """Tell whether a part is no word, and whether it is a single letter, such as follows an apostrophe."""
    return (0, 1) if len(part) == 1 else (int(part not in _KNOWN), 0)


def bare(wording: Wording) -> Iterator[View]:
    """Show the bare words around an order whose words are kept apart by marks: emphasis, underscores, pipes, tags."""
    if wording.distinct.isdisjoint(HOT) or len(wording.distinct & ORDERS) < 2:
        return
    text = wording.text
    cluster: list[Place] = []
    for place in [*wording.orders, ("", len(text) + 2 * _NEAR, 0)]:
        if cluster and place[1] - cluster[-1][2] > _NEAR:
            if view := _bared(text, cluster):
                yield view
            cluster = []
        cluster.append(place)


def _bared(text: str, cluster: Sequence[Place]) -> View | None:
    told = {word for word, _, _ in cluster}
    start, end = cluster[0][1], cluster[-1][2]
    if len(told) < 2 or told.isdisjoint(HOT):
        return None
    gaps = [_PLAIN.fullmatch(match[0]) is None for match in _MARKS.finditer(text, start, end)]
    if sum(gaps) < 0.6 * len(gaps) or len(gaps) > _MOST_GAPS * len(cluster):
        return None
    low, high = max(0, start - REACH), min(len(text), end + REACH)
    edits = [(match.start(), match.end(), " ") for match in _MARKS.finditer(text, low, high)]
    return patched("bare", text, low, high, edits)


def fields(wording: Wording) -> Iterator[View]:
    """Show the values of neighbouring fields behind one another, where an order runs from one into the next.

    Fields of JSON that is written out in the text, and fields of the document itself.
    """
    text = wording.text
    if "\x1e" not in text and '"' not in text:
        return
    words = wording.words
    skipping = {first + third for first, third in zip(words, words[2:], strict=False)} | wording.neighbours
    broken = not skipping.isdisjoint(_BROKEN)
    ordering = not wording.distinct.isdisjoint(HOT) and len(wording.distinct & ORDERS) > 1
    if not broken and not ordering and _CUT.search(text) is None:
        return
    near = {start // _NEARBY + step for _, start, _ in wording.orders for step in (-1, 0, 1)}
    junctions: list[tuple[int, int, str]] = []
    telling: set[int] = set()
    for match in _JUNCTION.finditer(text):
        first, last = match.span()
        cut = text[first - 1 : first] == " " or text[last : last + 1] == " "
        if cut or broken or first // _NEARBY in near:
            cut = cut or _whole_across(text, first, last)
            if cut or _goes_on(text, first, last):
                telling.add(first)
        junctions.append((first, last, "cut" if cut else ""))
    for start, end, group in passages(text, junctions) if telling else ():
        told = sum(first in telling for first, _, _ in group)
        soft = [text[first - 1 : first].isalpha() and text[last : last + 1].islower() for first, last, _ in group]
        if told > 1 or (told and (len(group) < _FEW_FIELDS or 2 * sum(soft) >= len(group))):
            # A text that was cut anywhere keeps its blanks; fields that were words or lines need some between them.
            gap = "" if any(how for _, _, how in group) else " "
            edits = [
                (first, last, gap)
                for (first, last, how), on in zip(group, soft, strict=True)
                if how or on or first in telling or text[first] == '"'
            ]
            yield patched("fields", text, start, end, edits)


def _whole_across(text: str, first: int, last: int) -> bool:
    """Tell whether the border of two fields runs through a word."""
    left, right = words_of(text[max(0, first - _LONGEST) : first])[-1:], words_of(text[last : last + _LONGEST])[:1]
    parts = {*left, *right}
    return len(parts) == 2 and left[0] + right[0] in _BROKEN and not _KNOWN.issuperset(parts)


def _goes_on(text: str, first: int, last: int) -> bool:
    """Tell whether an order goes on across the border of two fields; a new sentence does not."""
    before, after = text[max(0, first - _NEARBY) : first].rstrip(), text[last : last + _NEARBY].lstrip()
    if before[-1:] in ".!?:" or after[:1].isupper():
        return False
    left, right = words_of(before)[-3:], words_of(after)[:3]
    return not (ORDERS.isdisjoint(left) or ORDERS.isdisjoint(right) or HOT.isdisjoint(left + right))


def parted_words(wording: Wording) -> Iterator[View]:
    """Put blanks back into words that were run together, by their capitals or by what they spell."""
    text = wording.text
    if _TOGETHER.search(text) is None:
        return
    edits = []
    for match in _TOGETHER.finditer(text):
        if _HOT_INSIDE.search(match[0].lower()) is None:
            continue
        words = _CAPITAL.sub(" ", match[0]).split()
        if len(words) < 3:
            words = segmented(match[0].lower())
        if len({word.lower() for word in words} & ORDERS) > 2:
            edits.append((match.start(), match.end(), " ".join(words)))
    for start, end, group in passages(text, edits):
        yield patched("parted", text, start, end, group)
