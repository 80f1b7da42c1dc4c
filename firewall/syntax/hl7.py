"""HL7 v2: messages with the delimiters that their header declares, or segments with the usual ones.

Segments end in CR, LF or both, as files and logs have it, or in the two characters that a log writes for them. What
stands around the messages of a text is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from firewall.syntax.spelling import Literal, Spelled, piecewise

HEADERS = ("MSH", "FHS", "BHS")
_GATES = (*HEADERS, "PID|", "OBX|", "NK1|", "PV1|", "OBR|", "GT1|", "IN1|")
_HEADER = re.compile(r"(?:MSH|FHS|BHS)([^\w\s])((?:(?!\1)[^\w\s]){2,5})(?=\1|[\r\n]|\Z)")
# Segments without their header: those of a patient or a result, with a set id or none.
_BARE = re.compile(r"(?:\A|[\r\n\x0b])(?=(?:PID|NK1|PV1|OBR|OBX|ORC|GT1|IN1|AL1|DG1)\|[0-9]{0,4}\|)")
_BREAK = re.compile(r"\r\n?|\n|(?:\\r\\n|\\r|\\n|<[cC][rR]>)(?=[A-Z][A-Z0-9]{2}[^\w\s])")
_NAME = re.compile(r"[\x0b\x1c \t]{0,8}([A-Z][A-Z0-9]{2})(?=([^\w\s]|\Z|[\r\n]))")
_FRAME = "\x0b\x1c \t"
_PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Marks:
    """The delimiters of a message. Those that it does not declare are "" and stand nowhere."""

    field: str = "|"
    others: str = "^~\\&"

    @property
    def component(self) -> str:
        """The delimiter between components."""
        return self.others[0]

    @property
    def repetition(self) -> str:
        """The delimiter between repetitions of a field."""
        return self.others[1:2]

    @property
    def escape(self) -> str:
        """The escape character."""
        return self.others[2:3]

    @property
    def subcomponent(self) -> str:
        """The delimiter between sub-components."""
        return self.others[3:4]

    def coded(self) -> list[tuple[str, str]]:
        """Return each delimiter behind the letter of its escape sequence."""
        pairs = [("F", self.field), ("S", self.component), ("R", self.repetition), ("T", self.subcomponent)]
        return [(code, char) for code, char in pairs if char]


USUAL = Marks()


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """A segment: its name, its delimiters, and where its first field begins (behind the name) and its last one ends."""

    name: str
    marks: Marks
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cell:
    """The smallest part of a segment: the numbers of its field, repetition, component and sub-component, from 1."""

    field: int
    repetition: int
    component: int
    subcomponent: int
    start: int
    end: int


def segments(text: str) -> list[SegmentLine] | None:
    """Return the segments of a text in order, or None where it holds no HL7. Linear; never raises."""
    found = _scan(text)
    return None if found is None else [one for one in found if isinstance(one, SegmentLine)]


def cells(text: str, line: SegmentLine) -> Iterator[Cell]:
    """Yield what stands between the delimiters of a segment and is not empty; not the delimiters a header declares."""
    marks = line.marks
    is_header = line.name in HEADERS
    at = line.start + len(marks.field)
    for position, value in enumerate(text[at : line.end].split(marks.field) if at <= line.end else (), 1):
        number = position + is_header
        if value and not (is_header and position == 1):
            yield from _parts(value, number, at, marks)
        at += len(value) + len(marks.field)


def _parts(value: str, number: int, at: int, marks: Marks) -> Iterator[Cell]:
    for turn, repetition in enumerate(_split(value, marks.repetition), 1):
        inner = at
        for place, component in enumerate(_split(repetition, marks.component), 1):
            start = inner
            for part, piece in enumerate(_split(component, marks.subcomponent), 1):
                if piece:
                    yield Cell(number, turn, place, part, start, start + len(piece))
                start += len(piece) + 1
            inner += len(component) + 1
        at += len(repetition) + 1


def _split(value: str, mark: str) -> Sequence[str]:
    return value.split(mark) if mark and mark in value else (value,)


def marks_of(header: str) -> Marks | None:
    """Return the delimiters that a header segment declares, or None where it declares none."""
    match = _HEADER.match(header)
    return None if match is None else Marks(match[1], match[2])


def meant(raw: str, marks: Marks) -> Spelled:
    """Return what a cell says: characters for their escapes. Escapes that stand for no text are left as they are."""
    mark = marks.escape
    if not mark or mark not in raw:
        return Spelled(raw)
    known = dict(marks.coded()) | {"E": mark, ".br": "\n"}

    def meaning(code: str) -> str:
        return known.get(code, "") if code[0] != "X" else bytes.fromhex(code[1:]).decode("utf-8", "replace")

    pattern = re.compile(f"{re.escape(mark)}([FSTRE]|\\.br|X(?:[0-9A-Fa-f]{{2}})++){re.escape(mark)}")
    return piecewise(raw, ((*match.span(), meaning(match[1])) for match in pattern.finditer(raw)))


def escaped(text: str, marks: Marks) -> str:
    """Write a text so that no character of it can be taken for a delimiter or the end of a segment."""
    mark = marks.escape
    table = {"\r": " ", "\n": f"{mark}.br{mark}" if mark else " "}
    if mark:
        table[mark] = f"{mark}E{mark}"
    table |= {char: f"{mark}{code}{mark}" if mark else " " for code, char in marks.coded()}
    return "".join(table.get(char, char) for char in text)


@dataclass(frozen=True, slots=True)
class Hl7Text:
    """The cells of a text's messages, and the plain text around them."""

    text: str = field(repr=False)
    literals: tuple[Literal, ...]
    marks: tuple[Marks, ...]  # one for each kind of literal, which is its index
    cuts_across = False

    def spelled(self, literal: Literal) -> Spelled:
        """Return what a cell says."""
        raw = self.text[literal.start : literal.end]
        return Spelled(raw) if literal.kind == _PLAIN else meant(raw, self.marks[int(literal.kind)])

    def encode(self, literal: Literal, text: str) -> str:
        """Write a text with the escapes of its message."""
        return text if literal.kind == _PLAIN else escaped(text, self.marks[int(literal.kind)])


def syntax_in(text: str) -> Hl7Text | None:
    """Return the syntax of a text that holds HL7 v2, or None."""
    found = _scan(text)
    if found is None:
        return None
    literals: list[Literal] = []
    marks: dict[Marks, str] = {}
    for one in found:
        if isinstance(one, SegmentLine):
            kind = marks.setdefault(one.marks, str(len(marks)))
            literals += [Literal(cell.start, cell.end, kind) for cell in cells(text, one)]
        else:
            literals.append(Literal(*one, _PLAIN))
    return Hl7Text(text, tuple(literals), tuple(marks))


def _scan(text: str) -> list[SegmentLine | tuple[int, int]] | None:
    """Return segments, and the ranges of lines (or their beginnings) that are none; None where there is no segment."""
    if not any(gate in text for gate in _GATES):
        return None
    first, bare = _HEADER.search(text), _BARE.search(text)
    if first is None and bare is None:
        return None
    found: list[SegmentLine | tuple[int, int]] = []
    marks = USUAL
    started = bare is not None and (first is None or bare.end() < first.start())
    at = 0
    while at <= len(text):
        match = _BREAK.search(text, at)
        end = len(text) if match is None else match.start()
        header = _HEADER.search(text, at, end) if any(name in text[at:end] for name in HEADERS) else None
        name = _NAME.match(text, at, end)
        if header is not None:  # it may stand behind something else on its line, as in a log
            marks, started = Marks(header[1], header[2]), True
            if header.start() > at and text[at : header.start()].strip(_FRAME):
                found.append((at, header.start()))
            found.append(_line(text, text[header.start() : header.start() + 3], marks, header.start(), end))
        elif started and name is not None and (name[2] == marks.field or name.end() == end):
            found.append(_line(text, name[1], marks, name.start(1), end))
        elif text[at:end].strip(_FRAME):
            found.append((at, end))
        if match is None:
            break
        at = match.end()
    return found if any(isinstance(one, SegmentLine) for one in found) else None


def _line(text: str, name: str, marks: Marks, start: int, end: int) -> SegmentLine:
    """Make a segment of a line that begins with its name; the frame behind it is no data."""
    while end > start + 3 and text[end - 1] == "\x1c":
        end -= 1
    return SegmentLine(name, marks, start + 3, end)
