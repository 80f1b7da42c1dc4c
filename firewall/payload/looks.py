"""How the words of the lexicon look under a disguise, and how to take it off.

Everything here is worked out of the lexicon once, so that a look at a text is a few intersections of sets of words.
"""

from __future__ import annotations

from itertools import pairwise

from firewall.payload.lexicon import HOT, REAL, TELLING, WORDS

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
# What undoes a cipher that puts one letter for another, by its name. Of a shift by n letters, rot(26 - n) is the way back.
UNDO = {
    "atbash": str.maketrans(_ALPHABET + _ALPHABET.upper(), _ALPHABET[::-1] + _ALPHABET[::-1].upper()),
    **{
        f"rot{by}": str.maketrans(
            _ALPHABET + _ALPHABET.upper(),
            _ALPHABET[by:] + _ALPHABET[:by] + _ALPHABET[by:].upper() + _ALPHABET[:by].upper(),
        )
        for by in range(1, 26)
    },
}


def _ciphered() -> dict[str, frozenset[str]]:
    """Return, for each word as it looks in a cipher, the names of what undoes it."""
    made: dict[str, set[str]] = {}
    taken = WORDS | REAL

    def add(name: str, look: str) -> None:
        if look not in taken:
            made.setdefault(look, set()).add(name)

    for word in WORDS:
        if len(word) > 2:
            add("reversed", word[::-1])
            if word.isascii():
                add("rot13", word.translate(UNDO["rot13"]))
                add("rot13", word.translate(UNDO["rot13"])[::-1])  # what it undoes then runs backwards
    for word in TELLING | HOT:
        if len(word) > 3 and word.isascii():
            add("atbash", word.translate(UNDO["atbash"]))
            for by in range(1, 26):
                add(f"rot{26 - by}", word.translate(UNDO[f"rot{by}"]))
    return {look: frozenset(names) for look, names in made.items()}


CIPHERED = _ciphered()
# What two neighbouring words spell when a sentence runs from its last word to its first; nobody writes them forwards.
TURNED = frozenset(
    first + second
    for leads, ends in (
        ("the", "of to in for from with and at by into on is reveal ignore disregard"),
        ("your", "of to in for from with and is reveal ignore disregard forget"),
        ("instructions previous prior", "all the your any previous prior"),
        ("prompt", "system"),
        ("all", "ignore disregard forget delete send"),
        ("previous prior earlier", "all the your any these"),
        ("password passwords", "the your user admin all"),
    )
    for first in leads.split()
    for second in ends.split()
)


def scrambled(word: str) -> str:
    """Return what a word keeps when the letters between its first and its last are shuffled."""
    return word[0] + word[-1] + "".join(sorted(word[1:-1]))


_NEXT_KEYS = {
    key: row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for at, key in enumerate(row)
}


def _slips(word: str) -> set[str]:
    """Return a word as it looks with one slip of the hand after its first letter: left out, doubled, the key beside."""
    slips = {word[:at] + word[at + 1 :] for at in range(1, len(word))}
    slips |= {word[: at + 1] + word[at:] for at in range(len(word))}
    slips |= {word[:at] + key + word[at + 1 :] for at in range(1, len(word)) for key in _NEXT_KEYS.get(word[at], "")}
    # Another ending is another form of the word.
    return {slip for slip in slips if slip[:-1] != word and word[:-1] not in (slip, slip[:-1])}


# Words of orders: one of them mistyped is worth more than any other.
TYPED = HOT | frozenset(
    "system message messages email forward delete approve execute upload administrator conversation following reveal repeat "
    "assistant confidential user users rules output agent jailbreak".split()
)
SLIPPED = {slip: word for word in sorted(TYPED) if len(word) > 5 for slip in _slips(word) - WORDS - REAL}
SCRAMBLED = {scrambled(word): word for word in [*sorted(WORDS), *sorted(TYPED)] if len(word) > 4}
_LONGEST = 16
_PART = 1_000  # letters that are cut into words at once
_MISS = 4.0  # what a letter outside every known word costs beside a word


def segmented(letters: str) -> list[str]:
    """Cut a run of lower-case letters into known words as far as it goes; what is unknown stays together. Linear."""
    best = [0.0]
    cut = [0]
    for end in range(1, len(letters) + 1):
        cost, start = best[end - 1] + _MISS, end - 1
        for length in range(1, min(_LONGEST, end) + 1):
            word = letters[end - length : end]
            if word in WORDS or word in ("a", "i"):
                known = best[end - length] + (0.7 if word in TELLING or word in HOT else 1.0) + 2.5 / length
                if known < cost:
                    cost, start = known, end - length
        best.append(cost)
        cut.append(start)
    places = [len(letters)]
    while places[-1] > 0:
        places.append(cut[places[-1]])
    words: list[str] = []
    for start, end in pairwise(reversed(places)):
        word = letters[start:end]
        if words and len(word) == 1 and word not in ("a", "i") and words[-1] not in WORDS:
            words[-1] += word
        else:
            words.append(word)
    return words


def _segmented_in_parts(letters: str) -> list[str]:
    """Cut a run of any length; a word may be lost at a seam, and the tables of one part stay small."""
    return [word for at in range(0, len(letters), _PART) for word in segmented(letters[at : at + _PART])]


def parted(text: str) -> str:
    """Put the blanks back into words that are too long to be one."""
    return " ".join(
        " ".join(_segmented_in_parts(word.lower())) if len(word) > _LONGEST and word.isalpha() else word
        for word in text.split(" ")
    )
