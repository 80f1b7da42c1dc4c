"""What is hidden in an encoding, unfolded: nested to a depth, bounded in size.

Base64, base32, hex, percent, HTML entities, escapes, tags, gzip, rot13, leetspeak and spaced-out letters.

Each decoder takes a text and yields views of it. A view of a whole encoded run maps home as one piece, so that a
finding inside the run covers the run; escapes map piece by piece.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator

from firewall.payload.normalize import canonical, invisible
from firewall.vocabulary import Offsets, View

MAX_DEPTH = 3
TRUNCATED = "truncated"  # the name of a view that stands for what the budget left unread
_MIN_DECODED = 6
_MAX_INFLATED = 262_144
_MAX_RATIO = 64  # what inflates to more than this many times its size is a bomb

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}+(?:\r?\n[A-Za-z0-9+/_-]{4,}+)*+={0,2}")
_BASE32 = re.compile(r"\b[A-Z2-7]{16,}+={0,6}")
_HEX = re.compile(r"(?:0x|\\x|%|:| )?(?:[0-9a-fA-F]{2}(?:\\x|0x|:| |-)?){8,}+")
_UNBROKEN_HEX = re.compile(r"[0-9a-fA-F]{16,}+")
_HEX_NOISE = re.compile(r"0x|\\x|[%:\s-]")
_PRINTED = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){16,}+"
)
# Percent, HTML entity and backslash in one pattern: real pages hold all three, and one view of them costs less.
_ESCAPE = re.compile(
    r"(?:%[0-9a-fA-F]{2})++|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,24});"
    r"|\\(?:u\{[0-9a-fA-F]{1,6}\}|[uU][0-9a-fA-F]{4}(?:[0-9a-fA-F]{4})?|x[0-9a-fA-F]{2}|[nrt\"'/\\])"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{3,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{6,}")
_SPACED = re.compile(r"(?<![A-Za-z0-9])[A-Za-z](?:[ ._*|-]{1,3}[A-Za-z](?![A-Za-z0-9])){5,}")
_SEPARATED = re.compile(r"([ ._*|-]+)([A-Za-z])")
_LEET_WORD = re.compile(r"[A-Za-z0-9@$!|+]{3,40}")
_LEET = str.maketrans("013457@$!|+", "oieastasiit")
_WORD = re.compile(r"[A-Za-z]{3,20}")
# Words that an order to a model can hardly do without; they gate the views that cost a second look at the whole text.
_TELLING = frozenset(
    "ignore disregard forget override bypass previous prior above earlier instruction instructions prompt prompts system "
    "rules reveal repeat print show output send forward email password secret secrets token credentials key execute run "
    "call tool tools function assistant model agent developer mode jailbreak admin administrator user users message "
    "messages conversation follow following pretend act you your are now must all every and the this delete approve "
    "release export upload post confidential patient records data without instead from what into only new not never once "
    "request these those lines how matter target notes next that for with are was has have can will when before after "
    "http https exec eval curl python verify urgent endoftext endtext start end".split()
)


def decoded(text: str) -> list[View]:
    """Return a canonical view of everything that was hidden in the text; offsets lead home to `text`."""
    budget = 4 * len(text) + 16_384
    found: list[View] = []
    frontier = [View("raw", text)]
    for _ in range(MAX_DEPTH):
        deeper: list[View] = []
        for view in frontier:
            for decoder in DECODERS:
                for inner in decoder(view.text):
                    if inner.text == view.text:
                        continue
                    budget -= len(inner.text)
                    if budget <= 0:
                        return [*map(_seen, found + deeper), View(TRUNCATED, "\x1e", Offsets((0, 1), (0, len(text))))]
                    deeper.append(View(inner.name, inner.text, inner.offsets, view))
        found += deeper
        frontier = [view for view in deeper if view.name in _NESTING]
    return [_seen(view) for view in found]


def _seen(view: View) -> View:
    plain = canonical(view.text.replace("\x1e", " ") if view.name not in _WHOLE else view.text)
    return View(view.name, plain.text, plain.offsets, view)


def _run(name: str, text: str, start: int, end: int) -> View:
    """A view of one encoded run, mapped home as one piece."""
    if text is TRUNCATED:
        name = TRUNCATED
    if len(text) == end - start:  # equal lengths would be read as character by character
        text += " "
    return View(name, text, Offsets((0, len(text)), (start, end)))


def _readable(raw: bytes) -> str | None:
    """Return bytes as text if they are text a person could have meant: UTF-8 (or UTF-16), nearly all printable."""
    if raw[:2] == b"\x1f\x8b":
        inflater = zlib.decompressobj(31)
        try:
            raw = inflater.decompress(raw, min(_MAX_INFLATED, _MAX_RATIO * len(raw) + 4_096))
        except zlib.error:
            return None
        if not inflater.eof:
            return TRUNCATED
    wide = raw[1::2].count(0) * 4 >= len(raw)  # any bytes are letters in UTF-16, so every second high byte must be 0
    for encoding in ("utf-8", "utf-16-le") if wide else ("utf-8",):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        counts = Counter(text)
        drawn = sum(n for char, n in counts.items() if char.isprintable() or char in "\r\n\t" or invisible(char))
        if len(text) >= _MIN_DECODED and drawn >= 0.95 * len(text):
            return text
    return None


def _base64(text: str) -> Iterator[View]:
    for match in _BASE64.finditer(text):
        run = "".join(match[0].split()).rstrip("=").replace("-", "+").replace("_", "/")
        if run.isalpha() and (run.islower() or run.istitle()):  # a plain word
            continue
        plain = None if len(run) % 4 == 1 else _readable(base64.b64decode(run + "=" * (-len(run) % 4)))
        for found in _shifted(run) if plain is None else (plain,):
            yield _run("base64", found, match.start(), match.end())


def _shifted(run: str) -> Iterator[str]:
    """Yield what is readable in a run that other letters grew onto: a path in front, the next line's word behind."""
    for phase in range(4):
        end = phase + (len(run) - phase) // 4 * 4
        for part in _PRINTED.finditer(base64.b64decode(run[phase:end])):
            yield part[0].decode("utf-8", "ignore")


def _base32(text: str) -> Iterator[View]:
    for match in _BASE32.finditer(text):
        run = match[0].rstrip("=")
        try:
            raw = base64.b32decode(run + "=" * (-len(run) % 8))
        except (binascii.Error, ValueError):
            continue
        if plain := _readable(raw):
            yield _run("base32", plain, match.start(), match.end())


def _hex(text: str) -> Iterator[View]:
    for match in _HEX.finditer(text):
        plain = _readable_hex(match[0])
        # A stray pair of digits in front or behind spoils the whole: then each unbroken part is read by itself.
        for found in [plain] if plain else map(_readable_hex, _UNBROKEN_HEX.findall(match[0])):
            if found:
                yield _run("hex", found, match.start(), match.end())


def _readable_hex(run: str) -> str | None:
    digits = _HEX_NOISE.sub("", run)
    return _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _tags(text: str) -> Iterator[View]:
    for match in _TAGS.finditer(text):
        plain = "".join(chr(ord(char) - 0xE0000) for char in match[0])
        yield _run("tags", plain, match.start(), match.end())
    for match in _SELECTORS.finditer(text):  # one byte a variation selector
        codes = [ord(c) - 0xFE00 if c < "\uffff" else ord(c) - 0xE0100 + 16 for c in match[0]]
        if hidden := _readable(bytes(codes)):
            yield _run("selectors", hidden, match.start(), match.end())


def _spaced(text: str) -> Iterator[View]:
    for match in _SPACED.finditer(text):
        run = match[0]
        # The usual gap stands between letters; a wider one stands between words.
        gaps = [m[1] for m in _SEPARATED.finditer(run)]
        usual = min(len(gap) for gap in gaps)
        plain = run[0] + "".join((" " if len(m[1]) > usual else "") + m[2] for m in _SEPARATED.finditer(run))
        yield _run("spaced", plain, match.start(), match.end())


def _escapes(text: str) -> Iterator[View]:
    """Replace each escape in place and keep the rest."""
    out: list[str] = []
    view, source, at = [0], [0], 0
    for match in _ESCAPE.finditer(text):
        plain = _unescape(match[0])
        if plain is None:
            continue
        for piece, end in ((text[source[-1] : match.start()], match.start()), (plain, match.end())):
            if end > source[-1]:
                out.append(piece)
                at += len(piece)
                view.append(at)
                source.append(end)
    if not out:
        return
    if tail := text[source[-1] :]:
        out.append(tail)
        view.append(at + len(tail))
        source.append(len(text))
    yield View("escape", "".join(out), Offsets(tuple(view), tuple(source)))


def _unescape(run: str) -> str | None:
    """Return what an escape stands for; always shorter than the escape, so that no piece maps by character."""
    if run[0] == "%":
        return bytes.fromhex(run.replace("%", "")).decode("utf-8", "replace")
    if run[0] == "&":
        plain = html.unescape(run)
        return plain if plain != run and "\x00" not in plain else None
    if len(run) == 2:
        return {"n": "\n", "r": "\r", "t": "\t"}.get(run[1], run[1])
    code = int(run[2:].strip("{}"), 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else None


def telling(text: str, needed: int) -> bool:
    """Tell whether a text holds at least `needed` of the words that gate rot13 and leetspeak."""
    count = 0
    for match in _WORD.finditer(text):
        count += match[0].lower() in _TELLING
        if count >= needed:
            return True
    return False


def _rot13(text: str) -> Iterator[View]:
    plain = codecs.encode(text, "rot13")
    words = max(1, len(text) // 6)
    if (words < 40 and telling(plain, 1) and not telling(text, 1)) or (telling(plain, 4) and not telling(text, 2)):
        yield View("rot13", plain)
    else:
        yield from _rot13_lines(text)


def _rot13_lines(text: str) -> Iterator[View]:
    """Find a rotated line or sentence inside a longer plain text."""
    at = 0
    for line in re.split(r"(?<=[.:;!?\n\"\x1e])", text):
        plain = codecs.encode(line, "rot13")
        if len(line) >= _MIN_DECODED and telling(plain, 2) and not telling(line, 2):
            yield View("rot13", plain, Offsets((0, len(line)), (at, at + len(line))))
        at += len(line)


def _leet(text: str) -> Iterator[View]:
    told = 0
    for match in _LEET_WORD.finditer(text):
        word = match[0]
        if not word.isalpha() and not word.isdecimal():
            told += word.lower().translate(_LEET) in _TELLING
            if told >= 2:
                break
    if told >= 2:
        yield View("leet", _LEET_WORD.sub(_unleet, text))


def _unleet(match: re.Match[str]) -> str:
    word = match[0]
    plain = word.translate(_LEET)
    return plain if plain.isalpha() and any(char.isalpha() for char in word) else word


DECODERS: tuple[Callable[[str], Iterator[View]], ...] = (
    _base64,
    _base32,
    _hex,
    _tags,
    _escapes,
    _rot13,
    _leet,
    _spaced,
)
# Views of a whole text keep its separators; inside a decoded run U+001E is somebody's trick.
_WHOLE = frozenset({"escape", "rot13", "leet"})
_NESTING = frozenset({"base64", "base32", "hex", "escape", "tags", "selectors", "rot13"})
