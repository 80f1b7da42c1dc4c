"""A file as a stream of pieces, each small enough to be inspected; what is no data stays as it was written.

Files are read in blocks, so that memory does not grow with them. Text is UTF-8; a byte order mark is kept.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from firewall.errors import MalformedInputError
from firewall.payload.document import Document, Leaf

BLOCK_BYTES = 65_536
BREAK = re.compile(r"\r\n|\n|\r")
_NEWLINE = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that holds nobody's data (a blank line, a frame), written as it came."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One piece of data. `render` turns its cleaned JSON back into the file's form; `empty` is its form with nothing in it."""

    document: Document = field(repr=False)
    render: Callable[[str], str] = field(repr=False)
    empty: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece that cannot be read: `empty` is written in its place, and it is counted."""

    empty: str = field(repr=False)


Piece = Verbatim | Record | Unreadable


@dataclass(frozen=True, slots=True)
class Line:
    """A line and how it ended. `whole` is False where it was longer than allowed and its text was dropped."""

    text: str = field(repr=False)
    ending: str
    whole: bool = True


class TextSource:
    """A file's text in blocks. `consumed` counts the bytes read so far, `digest` is their SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        """Take a file that is open at its beginning."""
        self._file = file
        self._hash = hashlib.sha256()
        self.consumed = 0
        self.marked = False

    @property
    def digest(self) -> str:
        """The SHA-256 of what was read, in hexadecimal."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[str]:
        """Yield the text without its byte order mark. Raises MalformedInputError where it is not UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        first = True
        while True:
            raw = self._file.read(BLOCK_BYTES)
            self._hash.update(raw)
            self.consumed += len(raw)
            try:
                text = decoder.decode(raw, final=not raw)
            except UnicodeDecodeError:
                raise MalformedInputError("the file is not UTF-8 text") from None
            if "\x00" in text:
                raise MalformedInputError("the file holds null characters, so it is not text")
            if first and text:
                first = False
                self.marked = text.startswith("\ufeff")
                text = text[self.marked :]
            if text:
                yield text
            if not raw:
                return


def lines(blocks: Iterable[str], most: int, *, only_newline: bool = False) -> Iterator[Line]:
    """Cut text at its line breaks: CRLF, LF and CR, or `only_newline`. Lines over `most` characters lose their text."""
    pattern = _NEWLINE if only_newline else BREAK
    pending: list[str] = []
    length = 0
    held = ""

    def finish(ending: str) -> Line:
        whole = length <= most
        return Line("".join(pending) if whole else "", ending, whole)

    for block in blocks:
        text = held + block
        held = "\r" if text.endswith("\r") else ""  # its line feed may stand in the next block
        text = text[: len(text) - len(held)]
        at = 0
        for match in pattern.finditer(text):
            pending.append(text[at : match.start()])
            length += match.start() - at
            yield finish(match[0])
            pending, length, at = [], 0, match.end()
        length += len(text) - at
        if length <= most:
            pending.append(text[at:])
        else:
            pending = []
    if held and not only_newline:
        yield finish(held)
    elif held or length:
        pending.append(held)
        yield finish("")


def listed(texts: Sequence[str], names: Sequence[str], pointers: Sequence[str]) -> Document:
    """Return texts as a JSON array of strings whose leaves stand behind field names, which detectors read as context."""
    leaves: list[Leaf] = []
    pieces: list[str] = []
    at = 1
    for text, name, pointer in zip(texts, names, pointers, strict=True):
        literal = json.dumps(text, ensure_ascii=False)
        leaves.append(Leaf(pointer, "string", at, at + len(literal), text, name))
        pieces.append(literal)
        at += len(literal) + 1
    return Document(f"[{','.join(pieces)}]", tuple(leaves))
