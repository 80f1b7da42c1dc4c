"""Runs of characters that stand for bytes, read as text: base64, base32, base58, hex, character codes, Morse, escapes.

A decoded run maps home as one piece, so that a finding inside the run covers the run; escapes map piece by piece.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections import Counter
from collections.abc import Iterator

from firewall.payload.looks import parted
from firewall.payload.normalize import invisible
from firewall.payload.wording import Wording, gate, known, words_of
from firewall.vocabulary import Offsets, View

TRUNCATED = "truncated"  # the name of a view that stands for what the budget left unread
MIN_DECODED = 6
_MAX_INFLATED = 262_144
_MAX_RATIO = 64  # what inflates to more than this many times its size is a bomb
_LONG_NUMBER = 40  # digits; the hex of a text of that length holds letters
_LEAST_TURNED = 24  # letters of base64 written backwards
_MOST_BASE58 = 700  # characters; it is one large number, and reading it costs the square of its length

_BASE64 = gate(r"=?[A-Za-z0-9+/_-]{12,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
_BASE32 = gate(r"\b(?:(?:[A-Z2-7]{16,}(?:\r?\n[A-Z2-7]{4,})*|[a-z2-7]{16,})={0,6}|[A-Z2-7]{10,}={1,6})")
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]{20,}\Z")
_HEX = gate(r"(?:0x|\\x|%|:| )?(?:[0-9a-fA-F]{2}(?:\\x|, ?0x| ?0x|:| |-|\.|_|,|\n)?){8,}")
_UNBROKEN_HEX = re.compile(r"[0-9a-fA-F]{16,}+")
_HEX_NOISE = re.compile(r"0x|\\x|[^0-9a-fA-F]")
_CODE = r"(?:chr|char|fromcharcode|u\+00|&#)?\(?[0-9]{2,3}\)?"
_CODES = gate(rf"(?i)\b{_CODE}(?:[^0-9\pL]{{1,4}}{_CODE}){{5,}}")
_BINARY = gate(r"[01]{7,8}(?:[^0-9\pL]{0,3}[01]{7,8}){5,}")
_MORSE = gate(
    r"(?:[.\-\x{b7}\x{2022}\x{2212}\x{2013}_]{1,6}(?: ?[/|\n] ?| {1,4})){6,}[.\-\x{b7}\x{2022}\x{2212}\x{2013}_]{0,6}"
)
_MORSE_SIGNS = {0xB7: ".", 0x2022: ".", 0x2212: "-", 0x2013: "-", 0x5F: "-"}
_GZIP = b"\x1f\x8b"
_SAMPLE = 64  # bytes
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_NUMBER = re.compile(r"[0-9]+")
_PRINTED = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){16,}+"
)
# Percent, quoted-printable, HTML entity and backslash in one pattern: real pages hold all, and one view costs less.
_ESCAPED = gate(
    r"%[0-9a-fA-F]{2}|=[0-9A-F]{2}=[0-9A-F]{2}|&(?:#[0-9xX]|[A-Za-z][A-Za-z0-9]{1,24};)|\\[uUxnrt\"'/\\0-7]"
)
_ESCAPE = re.compile(
    r"(?:%[0-9a-fA-F]{2})++|(?:=[0-9A-F]{2}(?:=\r?\n)?){2,}+"
    r"|&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,24};)"
    r"|\\(?:u\{[0-9a-fA-F]{1,6}\}|[uU][0-9a-fA-F]{4}(?:[0-9a-fA-F]{4})?|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|[nrt\"'/\\])"
)
_SIGNS = "0 ----- 1 .---- 2 ..--- 3 ...-- 4 ....- 5 ..... 6 -.... 7 --... 8 ---.. 9 ----. . .-.-.- , --..-- ? ..--.. ' .----. ! -.-.-- / -..-. : ---... - -....- "
_LETTER_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
)
_MORSE_LETTERS = {sign: chr(97 + at) for at, sign in enumerate(_LETTER_SIGNS.split())} | dict(
    zip(_SIGNS.split()[1::2], _SIGNS.split()[::2], strict=True)
)


def run(name: str, text: str, start: int, end: int) -> View:
    """A view of one encoded run, mapped home as one piece."""
    if text is TRUNCATED:
        name = TRUNCATED
    if len(text) == end - start:  # equal lengths would be read as character by character
        text += " "
    return View(name, text, Offsets((0, len(text)), (start, end)))


def readable(raw: bytes) -> str | None:
    """Return bytes as text if they are text a person could have meant: UTF-8 (or UTF-16), nearly all printable."""
    if raw[:2] == _GZIP or raw[:2] in _ZLIB:
        inflater = zlib.decompressobj(31 if raw[:2] == _GZIP else 15)
        try:
            unpacked = inflater.decompress(raw, min(_MAX_INFLATED, _MAX_RATIO * len(raw) + 4_096))
        except zlib.error:
            return None if raw[:2] == _GZIP else _text(raw)
        # Two bytes make no zlib stream sure: one that ends early counts only where what came out so far is text.
        if not inflater.eof:
            return TRUNCATED if raw[:2] == _GZIP or _text(unpacked[:_SAMPLE]) else _text(raw)
        return _text(unpacked)
    return _text(raw)


def _text(raw: bytes) -> str | None:
    """Return bytes as text, if nearly all of it can be printed."""
    wide = raw[1::2].count(0) * 4 >= len(raw)  # any bytes are letters in UTF-16, so every second high byte must be 0
    for encoding in ("utf-8", "utf-16-le") if wide else ("utf-8",):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        counts = Counter(text)
        drawn = sum(n for char, n in counts.items() if char.isprintable() or char in "\r\n\t" or invisible(char))
        if len(text) >= MIN_DECODED and drawn >= 0.95 * len(text):
            return text
    return None


def bits(digits: str) -> str | None:
    """Return a string of zeros and ones as text, eight or seven of them a character."""
    for width in (8, 7):
        if len(digits) % width == 0:
            found = readable(bytes(int(digits[at : at + width], 2) for at in range(0, len(digits), width)))
            if found:
                return found
    return None


def _worded(text: str) -> bool:
    """Tell whether a text is made of known words to a good part; a few characters come out of many numbers."""
    return known(words_of(text)) >= max(4, 0.3 * len(text))


def base64_runs(wording: Wording) -> Iterator[View]:
    """Read base64 in either alphabet, wrapped or not, also written backwards; and base58, which looks like it."""
    for match in _BASE64.finditer(wording.text):
        whole = match[0]
        letters = _letters(whole)
        # A plain word, a name in lower case, a hex number: text in base64 has small letters and capitals.
        if letters.islower() or letters.isupper() or (letters.isalpha() and letters.istitle()):
            continue
        # The lines that follow may belong to it, or only look like it.
        ends = [len(whole), *(at for at in (whole.rfind("\n"), whole.find("\n")) if at > 0)]
        plain = next(((found, end) for end in ends if (found := _from_base64(_letters(whole[:end])))), None)
        if plain is not None:
            yield run("base64", plain[0], match.start(), match.start() + plain[1])
            continue
        parts = list(_shifted(letters))
        for part in parts:
            yield run("base64-part", part, match.start(), match.end())
        if not parts and len(letters) >= _LEAST_TURNED and (turned := _from_base64(letters[::-1])):
            yield run("base64", turned, match.start(), match.end())
        elif not parts and _BASE58.match(letters) and (other := _from_base58(letters)):
            yield run("base58", other, match.start(), match.end())


def _letters(part: str) -> str:
    return "".join(part.split()).strip("=").replace("-", "+").replace("_", "/")


def _from_base64(letters: str) -> str | None:
    return None if len(letters) % 4 == 1 else readable(base64.b64decode(letters + "=" * (-len(letters) % 4)))


def _shifted(letters: str) -> Iterator[str]:
    """Yield what is readable in a run that other letters grew onto: a path in front, the next line's word behind."""
    for phase in range(4):
        end = phase + (len(letters) - phase) // 4 * 4
        for part in _PRINTED.finditer(base64.b64decode(letters[phase:end])):
            yield part[0].decode("utf-8", "ignore")


_BASE58_DIGITS = {char: at for at, char in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}


def _from_base58(letters: str) -> str | None:
    number = 0
    for char in letters[:_MOST_BASE58]:
        number = number * 58 + _BASE58_DIGITS[char]
    plain = readable(number.to_bytes((number.bit_length() + 7) // 8, "big"))
    return TRUNCATED if plain and len(letters) > _MOST_BASE58 else plain


def base32_runs(wording: Wording) -> Iterator[View]:
    """Read base32; in lower case only where digits tell it from a word."""
    for match in _BASE32.finditer(wording.text):
        letters = "".join(match[0].split()).rstrip("=")
        if letters.isalpha() and letters.islower():
            continue
        try:
            raw = base64.b32decode(letters.upper() + "=" * (-len(letters) % 8))
        except (binascii.Error, ValueError):
            continue
        if plain := readable(raw):
            yield run("base32", plain, match.start(), match.end())


def hex_runs(wording: Wording) -> Iterator[View]:
    """Read hex digits, with what is commonly set between bytes."""
    for match in _HEX.finditer(wording.text):
        plain = _from_hex(match[0])
        # A stray pair of digits in front or behind spoils the whole: then each unbroken part is read by itself.
        for found in [plain] if plain else map(_from_hex, _UNBROKEN_HEX.findall(match[0])):
            if found:
                yield run("hex", found, match.start(), match.end())


def _from_hex(letters: str) -> str | None:
    digits = _HEX_NOISE.sub("", letters)
    plain = readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    if plain is None or plain is TRUNCATED:
        return plain
    if digits.isdecimal() and len(digits) < _LONG_NUMBER:
        # A long number as a rule; but one whose pairs all spell digits is a number that was encoded.
        return plain if sum(map(str.isdecimal, plain)) >= 0.4 * len(plain) else None
    # The digits of dates and measurements between blanks are printable signs too, but few of them letters.
    unbroken = len(digits) == len(letters)
    return plain if unbroken or 3 * sum(map(str.isalpha, plain)) >= len(plain) or _ESCAPED.search(plain) else None


def codes(wording: Wording) -> Iterator[View]:
    """Read characters given by their numbers: decimal, octal or binary. Numbers that spell no words stay numbers."""
    for match in _CODES.finditer(wording.text):
        numbers = _NUMBER.findall(match[0])
        for base in (10, 8):
            if base == 8 and any("8" in number or "9" in number for number in numbers):
                continue
            values = [int(number, base) for number in numbers]
            plain = "".join(chr(value) for value in values if value in (9, 10, 13) or 32 <= value < 256)
            if len(plain) >= 0.9 * len(values) and _worded(plain):
                yield run("codes", plain, match.start(), match.end())
                break
    for match in _BINARY.finditer(wording.text):
        parts = _NUMBER.findall(match[0])
        digits = "".join(part if len(part) > 8 else part.zfill(8) for part in parts)
        if spelled := bits(digits):
            yield run("binary", spelled, match.start(), match.end())


def morse(wording: Wording) -> Iterator[View]:
    """Read Morse signs; rows of dots and dashes that spell no words stay what they are."""
    for match in _MORSE.finditer(wording.text):
        words = re.split(r" ?[/|\n] ?| {2,}", match[0].translate(_MORSE_SIGNS))
        plain = parted(" ".join("".join(_MORSE_LETTERS.get(sign, "") for sign in word.split()) for word in words))
        if _worded(plain):
            yield run("morse", plain, match.start(), match.end())


def escapes(text: str) -> list[tuple[int, int, str]]:
    """Return where escapes stand in a text and what each of them stands for, in order."""
    if _ESCAPED.search(text) is None:
        return []
    return [
        (match.start(), match.end(), plain)
        for match in _ESCAPE.finditer(text)
        if (plain := _unescape(match[0])) is not None
    ]


def _unescape(part: str) -> str | None:
    """Return what an escape stands for; always shorter than the escape, so that no piece maps by character."""
    if part[0] == "%":
        return bytes.fromhex(part.replace("%", "")).decode("utf-8", "replace")
    if part[0] == "=":
        return bytes.fromhex("".join(part.split()).replace("=", "")).decode("utf-8", "replace")
    if part[0] == "&":
        plain = html.unescape(part)
        return plain if plain != part and "\x00" not in plain else None
    if len(part) == 2:
        return {"n": "\n", "r": "\r", "t": "\t"}.get(part[1], part[1])
    code = int(part[1:], 8) if part[1].isdigit() else int(part[2:].strip("{}"), 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else None
