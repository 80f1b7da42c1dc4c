"""JSON with limits, read so that it can be written back untouched.

The scanner keeps where each literal stands in the source. An edit replaces literals and nothing else, so numbers
keep their spelling, keys their order and white space its place; a document that is not edited is returned as it came.
Ambiguity is refused rather than resolved: duplicate keys, NaN, lone surrogates, a byte order mark (RFC 8259, RFC 7493).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from firewall.errors import LimitExceededError, MalformedInputError

# One token after white space. Possessive repeats: each character is read once, whatever the input.
_TOKEN = re.compile(
    r"[ \t\n\r]*+(?:"
    r'("(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
    r"|([{}\[\],:])"
    r"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+)"
    r"|(true|false|null))"
)
_BLANK = re.compile(r"[ \t\n\r]*+")
_BEGIN = re.compile(r'\{(?=[ \t\n\r]*+")|\[(?=[ \t\n\r]*+[\[{])')  # of an object, or of a list of objects
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"[a-z][a-z_]{0,31}[0-9]{0,3}\Z")
_MAX_NUMBER = 4_096
_MAX_KEY = 1_024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may cost before it is looked at: bytes, nesting, nodes, characters in one string."""

    body_bytes: int = 8_388_608
    depth: int = 64
    nodes: int = 200_000
    string_chars: int = 2_097_152


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string, a number or a member name, with the place of its literal in the source."""

    pointer: str = field(repr=False)
    kind: str  # "string" | "number" | "key"
    start: int
    end: int
    text: str = field(repr=False)
    field_name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON text and its leaves in source order."""

    source: str = field(repr=False)
    leaves: tuple[Leaf, ...] = field(repr=False)
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict, repr=False)

    def sub(self, pointer: str) -> Document:
        """Return the value at `pointer` (nested at most three deep) as a document of its own."""
        start, end = self.places[pointer]
        first = bisect_left(self.leaves, start, key=lambda leaf: leaf.start)
        last = bisect_left(self.leaves, end, key=lambda leaf: leaf.start)
        cut = len(pointer)
        leaves = tuple(
            Leaf(leaf.pointer[cut:], leaf.kind, leaf.start - start, leaf.end - start, leaf.text, leaf.field_name)
            if leaf.pointer != pointer
            else Leaf("", leaf.kind, leaf.start - start, leaf.end - start, leaf.text)
            for leaf in self.leaves[first:last]
        )
        return Document(self.source[start:end], leaves)

    def edited(self, texts: Mapping[int, str]) -> str:
        """Return the source with the leaf of each index replaced by a text.

        A number keeps its type: it becomes 0, or the text where that is a number of as many digits.
        """
        if not texts:
            return self.source
        pieces, at = [], 0
        for index in sorted(texts):
            leaf = self.leaves[index]
            if leaf.kind == "number":
                literal = texts[index] if _same_size(texts[index], leaf.text) else "0"
            else:
                literal = json.dumps(texts[index], ensure_ascii=False)
            pieces += [self.source[at : leaf.start], literal]
            at = leaf.end
        pieces.append(self.source[at:])
        return "".join(pieces)


def _same_size(text: str, number: str) -> bool:
    """Tell whether a text is a whole number as JSON writes one, of as many digits as another."""
    return len(text) == len(number) and text.isascii() and text.isdecimal() and (text[0] != "0" or len(text) == 1)


def from_text(text: str) -> Document:
    """Wrap plain text as the JSON string that it is on the wire."""
    literal = json.dumps(text, ensure_ascii=False)
    return Document(literal, (Leaf("", "string", 0, len(literal), text),))


def plain(document: Document) -> str | None:
    """Return the text of a document that is one string and nothing else; None for any other."""
    leaves = document.leaves
    return leaves[0].text if len(leaves) == 1 and leaves[0].kind == "string" and not leaves[0].pointer else None


def decode(body: bytes, limits: Limits) -> str:
    """Turn bytes into text: UTF-8 without a byte order mark, within the limit."""
    if len(body) > limits.body_bytes:
        raise LimitExceededError(f"the body is larger than {limits.body_bytes} bytes", pointer="")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedInputError("the body is not UTF-8", pointer="") from None
    if text.startswith("\ufeff"):
        raise MalformedInputError("the body starts with a byte order mark", pointer="")
    return text


def parse(source: str, limits: Limits) -> Document:
    """Read JSON. Raises MalformedInputError or LimitExceededError with the pointer of the place."""
    return _Scanner(source, limits).run()


def values(source: str, limits: Limits) -> Iterator[Document]:
    """Yield each JSON value that stands in a text: one, several behind one another (JSON lines), or some in prose.

    For whoever looks for structure, not for whoever relies on it: where a value breaks off, or is refused by `parse`,
    what was read of it is yielded, and the search goes on behind. Every character is read once.
    """
    at = 0
    while (begin := _BEGIN.search(source, at)) is not None:
        scanner = _Scanner(source, limits, begin.start())
        try:
            scanner.value()
        except (MalformedInputError, LimitExceededError):
            scanner.at = max(scanner.at, begin.end())
        if any(leaf.kind == "key" for leaf in scanner.leaves):
            yield scanner.document()
        at = scanner.at


def escape(name: str) -> str:
    """Write a member name as a token of an RFC 6901 pointer."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def safe_pointer(pointer: str) -> str:
    """Return a pointer that may be shown in an error: names that could be somebody's data become `*`."""
    tokens = pointer.split("/")[1:]
    return "".join(f"/{t if (t.isdecimal() and len(t) < 7) or _PLAIN_NAME.match(t) else '*'}" for t in tokens)


@dataclass(slots=True)
class _Frame:
    """One open container."""

    pointer: str
    is_object: bool
    start: int
    names: set[str]
    count: int = 0
    name: str = ""


class _Scanner:
    """A pushdown reader over `_TOKEN`; one turn of the loop a token."""

    def __init__(self, source: str, limits: Limits, at: int = 0) -> None:
        self.source, self.limits = source, limits
        self.leaves: list[Leaf] = []
        self.places: dict[str, tuple[int, int]] = {}
        self.stack: list[_Frame] = []
        self.at = at
        self.nodes = 0

    def run(self) -> Document:
        self.value()
        self.at = _end(_BLANK, self.source, self.at)
        if self.at != len(self.source):
            self._malformed("there is text after the JSON value", "")
        return self.document()

    def document(self) -> Document:
        """Return what has been read so far."""
        self.leaves.sort(key=lambda leaf: leaf.start)
        return Document(self.source, tuple(self.leaves), self.places)

    def value(self) -> None:
        """Read one value, and stop behind it."""
        for kind, start, end in self._values():
            place, name = self._place()
            if len(self.stack) <= 3:
                self.places[place] = (start, end)
            if kind == "string":
                self.leaves.append(Leaf(place, kind, start, end, self._text(start, end, place), name))
            elif kind == "number":
                if end - start > _MAX_NUMBER:
                    self._limit(f"a number is longer than {_MAX_NUMBER} characters", place)
                self.leaves.append(Leaf(place, kind, start, end, self.source[start:end], name))

    def _values(self) -> Iterator[tuple[str, int, int]]:
        """Yield each finished value (also containers) as kind, start, end, with its frame on top of the stack."""
        while True:
            kind, start, end, text = self._token()
            if text in "{[" and kind == "mark":
                self._open(text == "{", start)
                kind, start, end, text = self._token(peek=True)
                if text == ("}" if self.stack[-1].is_object else "]") and kind == "mark":
                    self._token()
                    frame = self.stack.pop()
                    yield "container", frame.start, self.at
                else:
                    self._member()
                    continue
            elif kind == "mark":
                self._malformed("the JSON is not well-formed")
            else:
                self._count()
                yield kind, start, end
            while True:  # after a value: close what ends here, then go on to the next member or leave
                if not self.stack:
                    return
                kind, start, end, text = self._token()
                frame = self.stack[-1]
                if text == "," and kind == "mark":
                    frame.count += 1
                    self._member()
                    break
                if text != ("}" if frame.is_object else "]") or kind != "mark":
                    self._malformed("the JSON is not well-formed")
                self.stack.pop()
                yield "container", frame.start, self.at

    def _member(self) -> None:
        """Read `"name":` in an object; an array needs nothing."""
        frame = self.stack[-1]
        if not frame.is_object:
            return
        kind, start, end, _ = self._token()
        if kind != "string":
            self._malformed("a member name is missing")
        name = self._text(start, end, frame.pointer)
        if len(name) > _MAX_KEY:
            self._limit(f"a member name is longer than {_MAX_KEY} characters", frame.pointer)
        frame.name = name
        pointer, _ = self._place()
        if name in frame.names:
            raise MalformedInputError("a member name stands twice in one object", pointer=pointer)
        frame.names.add(name)
        self._count()
        self.leaves.append(Leaf(pointer, "key", start, end, name))
        kind, _, _, text = self._token()
        if kind != "mark" or text != ":":
            self._malformed("a colon is missing after a member name")

    def _open(self, is_object: bool, start: int) -> None:
        pointer, _ = self._place()
        self._count()
        if len(self.stack) >= self.limits.depth:
            self._limit(f"nested deeper than {self.limits.depth} levels", pointer)
        self.stack.append(_Frame(pointer, is_object, start, set()))

    def _token(self, *, peek: bool = False) -> tuple[str, int, int, str]:
        match = _TOKEN.match(self.source, self.at)
        if match is None:
            self._malformed("the JSON is not well-formed")
        index = match.lastindex or 0
        start, end = match.span(index)
        if not peek:
            self.at = end
        return ("", "string", "mark", "number", "word")[index], start, end, match[index] if index == 2 else ""

    def _text(self, start: int, end: int, pointer: str) -> str:
        if end - start - 2 > self.limits.string_chars:
            self._limit(f"a string is longer than {self.limits.string_chars} characters", pointer)
        text = self.source[start + 1 : end - 1]
        if "\\" in text:
            text = json.loads(self.source[start:end])
            if _SURROGATE.search(text):
                raise MalformedInputError("a string holds half of a surrogate pair", pointer=pointer)
        return text

    def _place(self) -> tuple[str, str]:
        """Return the pointer of the value being read, and the member name that stands for it."""
        if not self.stack:
            return "", ""
        frame = self.stack[-1]
        if frame.is_object:
            return f"{frame.pointer}/{escape(frame.name)}", frame.name
        inherited = next((f.name for f in reversed(self.stack) if f.is_object), "")
        return f"{frame.pointer}/{frame.count}", inherited

    def _count(self) -> None:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            self._limit(f"more than {self.limits.nodes} values and names", self.stack[0].pointer if self.stack else "")

    def _malformed(self, detail: str, pointer: str | None = None) -> NoReturn:
        if pointer is None:  # before the first name of an object there is no member to point at
            unnamed = bool(self.stack) and self.stack[-1].is_object and not self.stack[-1].names
            pointer = self.stack[-1].pointer if unnamed else self._place()[0]
        raise MalformedInputError(detail, pointer=pointer)

    def _limit(self, detail: str, pointer: str) -> NoReturn:
        raise LimitExceededError(detail, pointer=pointer)


def _end(pattern: re.Pattern[str], source: str, at: int) -> int:
    match = pattern.match(source, at)
    return match.end() if match else at
