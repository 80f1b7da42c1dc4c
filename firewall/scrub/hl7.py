"""HL7 v2 messages: delimiters, segment names and escape sequences stay; every filled component is inspected.

A message is one document, so that its fields are read together. Files may hold many messages, batch headers, and the
frames of MLLP; segments may end in CR, as the standard has it, or in line feeds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from firewall.errors import LimitExceededError, MalformedInputError
from firewall.payload.document import Limits
from firewall.scrub.hl7_fields import FIELDS
from firewall.scrub.pieces import Line, Piece, Record, Verbatim, lines, listed

_HEADERS = ("MSH", "FHS", "BHS")
_STARTS = (*_HEADERS, "FTS", "BTS")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_FRAME = "\x0b\x1c"


@dataclass(frozen=True, slots=True)
class _Marks:
    """The delimiters of a message, as its header declares them."""

    field: str = "|"
    others: str = "^~\\&"

    @property
    def escape(self) -> str:
        """The escape character."""
        return self.others[2:3]

    def coded(self) -> list[tuple[str, str]]:
        """Return each delimiter behind the letter of its escape sequence; "" where the message has none."""
        others = self.others
        return [("F", self.field), ("S", others[0]), ("R", others[1:2]), ("T", others[3:4])]

    def component_cutter(self) -> re.Pattern[str]:
        """Return a pattern that keeps the delimiters inside a field when it splits."""
        return re.compile(f"([{re.escape(self.others[:2] + self.others[3:4])}])")


@dataclass(slots=True)
class _Parts:
    """A message taken apart: `texts[i]` is what `parts[slots[i]]` says, behind `names[i]`, at `pointers[i]`."""

    parts: list[str] = field(default_factory=list, repr=False)
    empty: list[str] = field(default_factory=list, repr=False)
    slots: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list, repr=False)
    names: list[str] = field(default_factory=list, repr=False)
    pointers: list[str] = field(default_factory=list)

    def keep(self, text: str) -> None:
        """Add what is no data."""
        self.parts.append(text)
        self.empty.append(text)

    def read(self, raw: str, text: str, name: str, pointer: str) -> None:
        """Add what is data."""
        if text.strip():
            self.slots.append(len(self.parts))
            self.texts.append(text)
            self.names.append(name)
            self.pointers.append(pointer)
        self.parts.append(raw)


def pieces(blocks: Iterable[str], limits: Limits) -> Iterator[Piece]:
    """Yield the messages of a file. Raises MalformedInputError where it does not begin as HL7, or LimitExceededError."""
    message: list[Line] = []
    size = 0
    begun = False
    for number, line in enumerate(lines(blocks, limits.string_chars), 1):
        bare = line.text.lstrip(_FRAME)
        if bare.startswith(_STARTS) and message:
            yield _record(message)
            message, size = [], 0
        if not bare.strip() and line.whole and not message:
            yield Verbatim(line.text + line.ending)
            continue
        if not begun and not bare.startswith(_HEADERS):
            raise MalformedInputError("the file does not begin with an HL7 header segment (MSH, FHS or BHS)")
        begun = True
        size += len(line.text)
        if not line.whole or size > limits.string_chars:
            raise LimitExceededError(f"the message at line {number} is longer than {limits.string_chars} characters")
        message.append(line)
    if message:
        yield _record(message)


def _record(message: Sequence[Line]) -> Piece:
    """Take a message apart; the delimiters are those of its own header, or the usual ones."""
    first = message[0].text.lstrip(_FRAME)
    marks = _marks(first) if first.startswith(_HEADERS) else _Marks()
    split = _Parts()
    for index, line in enumerate(message):
        bare = line.text.lstrip(_FRAME)
        split.keep(line.text[: len(line.text) - len(bare)])
        _segment(bare, index, marks, split)
        split.keep(line.ending)
    if not split.slots:
        return Verbatim("".join(split.parts))

    def render(content: str) -> str:
        parts = list(split.parts)
        for slot, before, text in zip(split.slots, split.texts, json.loads(content), strict=True):
            if text != before:
                parts[slot] = _escaped(text, marks)
        return "".join(parts)

    return Record(listed(split.texts, split.names, split.pointers), render, "".join(split.empty))


def _marks(header: str) -> _Marks:
    mark = header[3:4]
    if not mark or mark.isalnum():
        raise MalformedInputError("an HL7 header segment declares no field separator")
    others = header[4:].split(mark, 1)[0]
    if len(others) < 2 or any(char.isalnum() or char.isspace() for char in others):
        raise MalformedInputError("an HL7 header segment declares no encoding characters")
    return _Marks(mark, others)


def _segment(text: str, index: int, marks: _Marks, split: _Parts) -> None:
    """Add one line: its name and delimiters as they are, its fields by component."""
    fields = text.split(marks.field)
    name = fields[0]
    if not _SEGMENT.match(name):  # a line that is no segment: text that ran over, read as a whole
        split.read(text, text, "text", f"/{index}")
        return
    cutter = marks.component_cutter()
    split.keep(name)
    is_header = name in _HEADERS
    observed = fields[3].split(marks.others[0]) if name == "OBX" and len(fields) > 3 else []
    for position, value in enumerate(fields[1:], 1):
        number = position + is_header  # a header's first field is the separator itself
        split.keep(marks.field)
        if is_header and position == 1:
            split.keep(value)
            continue
        place = f"{name}-{number}"
        words = FIELDS[place][0] if place in FIELDS else place
        if place == "OBX-5" and len(observed) > 1 and observed[1].strip():
            words = _meant(observed[1], marks)[:80]
        component = 1
        for turn, piece in enumerate(cutter.split(value)):
            if turn % 2:
                split.keep(piece)
                component = 1 if piece == marks.others[1:2] else component + (piece == marks.others[0])
            else:
                split.read(piece, _meant(piece, marks), words, f"/{index}/{place}/{component}/{turn}")


def _meant(raw: str, marks: _Marks) -> str:
    """Return what a component says: characters for their escapes. Escapes that stand for no text are left as they are."""
    mark = marks.escape
    if not mark or mark not in raw:
        return raw
    known = {code: char for code, char in marks.coded() if char} | {"E": mark, ".br": "\n"}

    def meaning(match: re.Match[str]) -> str:
        code = match[1]
        return known.get(code, match[0]) if code[0] != "X" else bytes.fromhex(code[1:]).decode("utf-8", "replace")

    return re.sub(f"{re.escape(mark)}([FSTRE]|\\.br|X(?:[0-9A-Fa-f]{{2}})+){re.escape(mark)}", meaning, raw)


def _escaped(text: str, marks: _Marks) -> str:
    """Write an edited text so that no character of it can be taken for a delimiter."""
    mark = marks.escape
    table = {"\r": " ", "\n": f"{mark}.br{mark}" if mark else " "}
    if mark:
        table[mark] = f"{mark}E{mark}"
    table |= {char: f"{mark}{code}{mark}" if mark else " " for code, char in marks.coded() if char}
    return "".join(table.get(char, char) for char in text)
