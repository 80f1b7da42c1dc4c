"""Twenty ways in which an attacker hides an order from a filter and not from a model: for `firewall bench evasion`.

Each takes a text and a source of chance, and returns the text disguised. Where a disguise cannot change a text (there is
no rot13 of Chinese), the text comes back as it was.
"""

# ruff: noqa: RUF001 - the look-alikes are the disguise
from __future__ import annotations

import base64
import codecs
import gzip
import json
import re
from collections.abc import Callable, Mapping
from random import Random

Disguise = Callable[[str, Random], str]

_TWINS = str.maketrans("aceiopsxyjABCEHIKMOPSTXY", "асеіорѕхујАВСЕНІКМОРЅТХУ")
_GREEK_TWINS = str.maketrans("aiopuvxkABEHIKMNOPTXYZ", "αιορυνχκΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_LEET_MORE = str.maketrans("aeioslgtAEIOSLGT", "@3!0$1974E!0$197")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SMALL_CAPITALS = str.maketrans("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ")
_WORD = re.compile(r"\w+")


def _each_word(change: Callable[[str, Random], str], least: int, share: float) -> Disguise:
    """Make a disguise that changes a share of the words of at least so many letters."""

    def disguise(text: str, dice: Random) -> str:
        def replace(match: re.Match[str]) -> str:
            word = match[0]
            fits = len(word) >= least and word.isalpha()
            return change(word, dice) if fits and dice.random() < share else word

        return _WORD.sub(replace, text)

    return disguise


def _mixed_case(text: str, dice: Random) -> str:
    return "".join(char.upper() if dice.random() < 0.5 else char.lower() for char in text)


def _swapped(word: str, dice: Random) -> str:
    at = dice.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _white_space(text: str, dice: Random) -> str:
    blanks = ("  ", "\n", "\t", "\u00a0", " \n ", "\u2003", "\u3000", "\r\n   ")
    return "".join(dice.choice(blanks) if char == " " else char for char in text)


def _zero_width(text: str, dice: Random) -> str:
    unseen = ("\u200b", "\u200c", "\u00ad", "\u2060", "")
    return "".join(char + dice.choice(unseen) for char in text)


def _broken(word: str, dice: Random) -> str:
    at = dice.randrange(2, len(word) - 1)
    return word[:at] + dice.choice((" ", "-", "-\n", ".", '" + "')) + word[at:]


def _marked(word: str, dice: Random) -> str:
    at = dice.randrange(1, len(word))
    return dice.choice(
        (
            f"**{word}**",
            f"_{word}_",
            f"`{word}`",
            f"{word[:at]}**{word[at:]}**",
            f"{word[:at]}<b>{word[at:]}</b>",
            f"{word[:at]}<!-- -->{word[at:]}",
        )
    )


def _homoglyphs(text: str, dice: Random) -> str:
    twins = dice.choice((_TWINS, _GREEK_TWINS))
    return "".join(char.translate(twins) if dice.random() < 0.8 else char for char in text)


def _fancy_letters(text: str, dice: Random) -> str:
    first = dice.choice((0x1D400, 0x1D434, 0x1D468, 0x1D5D4, 0x1D5A0, 0x1D670, 0x24B6, 0xFF21, 0))
    if first == 0:
        return text.lower().translate(_SMALL_CAPITALS)
    codes = [first + at for at in range(52)]
    if first == 0xFF21:
        codes = [0xFF21 + at for at in range(26)] + [0xFF41 + at for at in range(26)]
    letters = {ord(char): chr(code) for char, code in zip(_ALPHABET, codes, strict=True)}
    letters |= {ord("h"): "\u210e"} if first == 0x1D434 else {}  # the italic h stands elsewhere
    return text.translate(letters)


def _leetspeak(text: str, dice: Random) -> str:
    table = dice.choice((_LEET, _LEET_MORE))
    return "".join(char.translate(table) if dice.random() < 0.85 else char for char in text)


def _spaced_letters(text: str, dice: Random) -> str:
    gap = dice.choice((" ", " ", ".", "-", "_", "*", "\n", "\u200b "))
    return ("   " if gap.isspace() else "\n\n\n" if gap == "\n" else " ").join(gap.join(word) for word in text.split())


def _reversed(text: str, dice: Random) -> str:
    way = dice.randrange(3)
    if way == 0:
        return text[::-1]
    return (" " if way == 1 else "\n").join(part[::-1] for part in (text.split(" ") if way == 1 else text.split("\n")))


def _unseen(text: str, dice: Random) -> str:
    if text.isascii() and text.isprintable() and dice.random() < 0.5:
        return "See below." + "".join(chr(0xE0000 + ord(char)) for char in text)
    return "\u2705" + "".join(chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode())


def _base64(text: str, dice: Random) -> str:
    encoded = dice.choice((base64.b64encode, base64.urlsafe_b64encode))(text.encode()).decode()
    return "\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76)) if dice.random() < 0.5 else encoded


def _base32(text: str, _: Random) -> str:
    return base64.b32encode(text.encode()).decode()


def _hex(text: str, dice: Random) -> str:
    digits = text.encode().hex(" ")
    return dice.choice((digits, digits.replace(" ", ""), digits.replace(" ", ":"), "\\x" + digits.replace(" ", "\\x")))


def _rot13(text: str, _: Random) -> str:
    return codecs.encode(text, "rot13")


def _percent(text: str, dice: Random) -> str:
    share = dice.choice((0.4, 1.0))
    return "".join(
        "".join(f"%{byte:02X}" for byte in char.encode()) if not char.isalnum() or dice.random() < share else char
        for char in text
    )


def _entities(text: str, dice: Random) -> str:
    return "".join(f"&#{ord(char)};" if dice.random() < 0.5 else f"&#x{ord(char):x};" for char in text)


def _json_fields(text: str, dice: Random) -> str:
    parts, at = [], 0
    while at < len(text):
        end = min(len(text), at + dice.randrange(8, 40))
        parts.append(text[at:end])
        at = end
    if dice.random() < 0.5:
        return json.dumps(parts, ensure_ascii=False)
    return json.dumps({f"line_{number}": part for number, part in enumerate(parts, 1)}, ensure_ascii=False)


def _nested(text: str, dice: Random) -> str:
    inner = dice.choice(
        (
            lambda: gzip.compress(text.encode(), mtime=0),
            lambda: _percent(text, dice).encode(),
            lambda: base64.b64encode(text.encode()),
            lambda: _entities(text, dice).encode(),
            lambda: _rot13(text, dice).encode(),
            text[::-1].encode,
        )
    )()
    return base64.b64encode(inner).decode()


EVASIONS: Mapping[str, Disguise] = {
    "mixed-case": _mixed_case,
    "letter-swaps": _each_word(_swapped, 5, 0.6),
    "white-space": _white_space,
    "zero-width": _zero_width,
    "split-words": _each_word(_broken, 5, 0.7),
    "markdown": _each_word(_marked, 4, 0.6),
    "homoglyphs": _homoglyphs,
    "fancy-letters": _fancy_letters,
    "leetspeak": _leetspeak,
    "spaced-letters": _spaced_letters,
    "reversed": _reversed,
    "unseen-characters": _unseen,
    "base64": _base64,
    "base32": _base32,
    "hex": _hex,
    "rot13": _rot13,
    "percent": _percent,
    "html-entities": _entities,
    "json-fields": _json_fields,
    "nested": _nested,
}
