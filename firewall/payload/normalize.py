"""The canonical glass: one spelling for what a reader would take for the same text.

NFKC, control and invisible characters removed, confusable letters folded to Latin where they pose as Latin, each run
of white space folded to one space. Case is kept. Sources: Unicode UAX #15 and UTS #39.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby, pairwise

from confusable_homoglyphs import confusables

from firewall.vocabulary import Offsets, View

# U+001E separates the leaves of a joined text and passes untouched; joining keeps it out of the leaves themselves.
_ODD = re.compile(r"[^\x20-\x7e\x1e]|  ")
# A separator, white space, plain words with single spaces between them (most of any text), or one other word.
_CHUNK = re.compile(r"\x1e|[^\S\x1e]+|(?P<plain>[!-~]++(?!\S)(?: [!-~]++(?!\S))*+)|[^\s]+")
_MARKS = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_CLUSTER = re.compile(rf"(?s)(?:{_MARKS}+|.{_MARKS}*)")
_LONE_MARK = re.compile(_MARKS)
_LATIN = re.compile(r"[A-Za-z]")
_TWIN_SCRIPTS = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff]")
_MIXED = re.compile(r"[A-Za-z](?=[\u0370-\u052f])|[\u0370-\u052f](?=[A-Za-z])")
_AMONG_LATIN = re.compile(r"[A-Za-z][\u0370-\u052f]{1,3}[A-Za-z]")
# Letters and fillers that are drawn as nothing although their category is not Cf or Mn.
_SWITCH = re.compile(r"[a-z][A-Z]")
_LETTERS = re.compile(r"[A-Za-z]{2,40}")
_FEW_RESTLESS = 4  # words; fewer may be names of things
_CALM_SHARE = 4  # one word in so many is restless where nobody wrote the text like that
_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u034f")
_CACHED_WORD = 64


def _latin_lookalikes() -> dict[str, str]:
    """Return the map from a non-Latin letter to the ASCII letter it can be taken for."""
    folded: dict[str, str] = {}
    for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for entry in confusables.confusables_data.get(letter, ()):
            twin = entry["c"]
            if len(twin) == 1 and not twin.isascii() and twin.isalpha():
                folded.setdefault(twin, letter)
    # Pairs in daily use by homoglyph tools that the table lists for the other case or not at all.
    folded |= dict(
        zip(
            "аеорсухікѕјԁһгпԛԝАВЕКМНОРСТУХІЅЈαοιυνκρτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
            "aeopcyxiksjdhrnqwABEKMHOPCTYXISJaoiuvkptABEZHIKMNOPTYX",
            strict=True,
        )
    )
    return folded | dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))


LOOKALIKES = _latin_lookalikes()
# Taken for a Latin letter only among Latin letters: no honest word has them in its middle.
_FAUX = str.maketrans(
    "бвгдийлмнптфцчшщьяэБВГДИЙЛМНПТФЦЧШЩЯΣΛΔΩΠεηωσςτβγδχμθ",
    "bbrdnnnmhntouywwbreBBRDNNNMHNTOUYWWREAAONenwoctbydxuo",
)
# Symbols that draw a letter and that NFKC keeps: negative circled and negative squared.
_DRAWN = str.maketrans({chr(first + at): chr(65 + at) for first in (0x1F150, 0x1F170) for at in range(26)})
_NO_BLANKS = str.maketrans("", "", "\t\n\v\f\r\x1c\x1d\x1e\x1f")


def invisible(char: str) -> bool:
    """Tell whether a character draws nothing: format, control, variation selector, tag, or blank letter."""
    if char in _BLANK_LETTERS:
        return True
    category = unicodedata.category(char)
    if category in ("Cf", "Cc", "Cs", "Co"):
        return not char.isspace()
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef" or "\u180b" <= char <= "\u180f"


def canonical(text: str) -> View:
    """Look at a text through the canonical glass. Linear; plain ASCII costs one search."""
    if not _ODD.search(text):
        return View("canonical", text)
    return _folded("canonical", text, keep_blanks=False)


def calmed(text: str) -> str:
    """Return a text in which words whose case changes all the time are in lower case, if many are like that.

    For models that tell case apart: letters and their places stay, so that what is found needs no way home.
    """
    if _SWITCH.search(text) is None:
        return text
    words = _LETTERS.findall(text)
    restless = {word for word in set(words) if _is_restless(word)}
    count = sum(word in restless for word in words)
    if count < _FEW_RESTLESS or _CALM_SHARE * count < len(words):
        return text
    return _LETTERS.sub(lambda match: match[0].lower() if match[0] in restless else match[0], text)


def _is_restless(word: str) -> bool:
    rises = sum(first.islower() and second.isupper() for first, second in pairwise(word))
    return 3 * rises >= len(word) - 1


def shown(text: str) -> View | None:
    """The same with white space left as it is, for those who read something from it. None where nothing else is odd."""
    if text.isascii() and text.translate(_NO_BLANKS).isprintable():
        return None
    view = _folded("shown", text, keep_blanks=True)
    return None if view.text == text else view


def _folded(name: str, text: str, *, keep_blanks: bool) -> View:
    pieces, view, source = [], [0], [0]
    at = 0
    latin_text = _latin_text(text)
    blank = True  # the view ends in a space, or is empty
    for chunk in _CHUNK.finditer(text):
        word = chunk[0]
        folded: tuple[tuple[str, int], ...]
        if chunk["plain"] is not None:
            folded = ((word, len(word)),)
            blank = False
        elif word == "\x1e":
            folded = ((word, 1),)
            blank = True
        elif word.isspace():
            folded = ((word if keep_blanks else "" if blank else " ", len(word)),)
            blank = True
        else:
            fold = _fold_cached if len(word) <= _CACHED_WORD else _fold_word
            folded = fold(word, latin_text)
            blank = blank and not any(out for out, _ in folded)
        for out, length in folded:
            pieces.append(out)
            at += len(out)
            view.append(at)
            source.append(source[-1] + length)
    return View(name, "".join(pieces), Offsets(tuple(view), tuple(source)))


def _latin_text(text: str) -> bool:
    """Tell whether a text is written in Latin letters, so that other letters that look Latin are posing.

    Either Latin letters outnumber those of the scripts that have twins of them, or some word mixes both, which no
    honest text does.
    """
    if _TWIN_SCRIPTS.search(text) is None or len(_LATIN.findall(text)) > len(_TWIN_SCRIPTS.findall(text)):
        return True
    return _MIXED.search(text) is not None


def _fold_word(word: str, latin_text: bool) -> tuple[tuple[str, int], ...]:
    """Fold one unbroken run: pieces of (canonical text, length in the source)."""
    clusters = _CLUSTER.findall(word)
    drawn = ["" if invisible(c[0]) or _LONE_MARK.match(c) else _compose(c) for c in clusters]
    letters = [char for out in drawn for char in out if char.isalpha()]
    posing = [char for char in letters if char in LOOKALIKES]
    others = any(not char.isascii() and char not in LOOKALIKES for char in letters)
    if posing and ((latin_text and not others) or _beside_latin("".join(drawn))):
        mixed = _AMONG_LATIN.search("".join(drawn)) is not None
        drawn = ["".join(LOOKALIKES.get(char, char) for char in out) for out in drawn]
        if mixed:
            drawn = [out.translate(_FAUX) for out in drawn]
    return _merged([(out, len(cluster)) for out, cluster in zip(drawn, clusters, strict=True)])


def _beside_latin(word: str) -> bool:
    """Tell whether a letter that looks Latin stands beside one that is, or beside a digit.

    Tags and hyphens do not mix scripts.
    """
    return any(
        (one in LOOKALIKES and two.isascii() and two.isalnum())
        or (two in LOOKALIKES and one.isascii() and one.isalnum())
        for one, two in pairwise(word)
    )


_fold_cached = lru_cache(maxsize=16_384)(_fold_word)


def _compose(cluster: str) -> str:
    """Normalise a letter with its marks; marks that do not compose (stacked on to hide the letter) fall off."""
    composed = unicodedata.normalize("NFKC", cluster).translate(_DRAWN)
    if len(cluster) > 1 and len(composed) > 1:
        composed = "".join(char for char in composed if not unicodedata.combining(char))
    return "".join(" " if char.isspace() else char for char in composed if not invisible(char))


def _merged(pieces: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Join neighbours that map character by character, so that plain words cost one piece."""
    merged: list[tuple[str, int]] = []
    for by_character, group in groupby(pieces, key=lambda piece: len(piece[0]) == piece[1]):
        if by_character:
            joined = "".join(out for out, _ in group)
            merged.append((joined, len(joined)))
        else:
            merged.extend(group)
    return tuple(merged)
