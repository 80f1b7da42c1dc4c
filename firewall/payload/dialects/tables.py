"""Tables in a text: CSV and its like, markdown and database consoles, columns held apart by blanks.

A table is known by rows of as many cells behind one another. Its header says what columns hold; where none does, the
values of a column do, if they are plain enough. Prose with commas is no table: without a header that names something,
three rows and two columns that hold something known are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from firewall.payload.dialects import cells
from firewall.payload.dialects.columns import Column, column
from firewall.payload.dialects.field import Field
from firewall.syntax import rows
from firewall.validators import words

_LINE = re.compile(r"([^\r\n]*+)(\r\n|\r|\n|\Z)")
_MARKS = ("\t", "|", "│", ";", ",")
_BARS = ("|", "│")
_FRAME = re.compile(r"[\s|+:=│─┼├┤┌┐└┘┬┴╪═╞╡-]*+\Z")  # between a header and its rows, or around a table
_MESSAGE = re.compile(r"[A-Z][A-Z0-9]{2}\|")  # a segment of HL7, which has a dialect of its own
_EMPHASIS = re.compile(r"^[*_`~\s]+|[*_`~\s]+$")
_ALIGNED = re.compile(r"\S+(?: \S+)*")
_UNIT = re.compile(r"[(\[][^()\[\]]{0,30}[)\]]$")  # "Weight (kg)"
_SAMPLE = 200  # rows by which a column without a name is judged
_RAGGED = 3  # rows behind one another that do not fit, after which the table is over
_OPEN = 60  # lines that a quoted cell may run over


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a text: where it begins, what it says, and how it ended."""

    start: int
    text: str = field(repr=False)
    ending: str


@dataclass(frozen=True, slots=True)
class _Row:
    """The ranges, in the whole text, of what each cell of a row says; and the line behind the row."""

    cells: tuple[tuple[int, int], ...]
    behind: int


def fields(text: str) -> Sequence[Field] | None:
    """Return what the tables in a text say of ranges of it; None where there is none. Linear, and never raises."""
    if "\n" not in text and "\r" not in text:
        return None
    if not any(mark in text for mark in _MARKS) and "  " not in text:
        return None
    return list(_Tables(text).fields()) or None


class _Tables:
    """One look at one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [_Line(match.start(), match[1], match[2]) for match in _LINE.finditer(text)]
        self._judged: dict[str, int] = {}  # by delimiter, up to where rows without a header were read in vain

    def fields(self) -> Iterator[Field]:
        """Yield what all tables of the text say."""
        at = 0
        while at < len(self._lines) - 1:
            table = self._table(at)
            if table is None:
                at += 1
                continue
            told, found = table
            yield from told
            at = max(found, at + 1)

    def _table(self, at: int) -> tuple[list[Field], int] | None:
        """Return the fields of the table that begins at a line, and the line behind it; None where none begins."""
        line = self._lines[at].text
        if not line or line.isspace() or _FRAME.match(line):
            return None
        for mark in _MARKS:
            count = line.count(mark)
            if not count or not self._goes_on(at, mark, count):
                continue
            found = self._delimited(at, mark)
            if found is not None:
                return found
        if "  " in line.strip() and "  " in self._lines[at + 1].text:
            return self._aligned(at)
        return None

    def _goes_on(self, at: int, mark: str, count: int) -> bool:
        """Tell cheaply whether the next line may be a row of the same table."""
        below = self._below(at, mark)
        if below is None:
            return False
        following = self._lines[below].text
        if '"' in following or '"' in self._lines[at].text or "\\|" in following:
            return True  # what stands in quotes does not count
        return following.count(mark) == count

    def _below(self, at: int, mark: str) -> int | None:
        """Return the next line that is no frame."""
        at += 1
        while mark in _BARS and at < len(self._lines) and self._lines[at].text and _FRAME.match(self._lines[at].text):
            at += 1
        return at if at < len(self._lines) else None

    def _delimited(self, at: int, mark: str) -> tuple[list[Field], int] | None:
        first = self._row(at, mark)
        if first is None or len(first.cells) < 2:
            return None
        header = self._header([self._text[start:end] for start, end in first.cells], mark)
        if header is not None:
            body, behind = self._body(first.behind, mark, len(first.cells))
            if not body:
                return None
            return [*_names(first.cells, header), *self._told(body, header)], behind
        if mark == "|" and _MESSAGE.match(self._lines[at].text):
            return None
        if at < self._judged.get(mark, 0):  # part of rows that were seen to hold nothing known
            return None
        body, behind = self._body(at, mark, len(first.cells), strict=True)
        self._judged[mark] = behind
        if len(body) < 3:
            return None
        told = list(self._told(body, [None] * len(first.cells), named=False))
        return (told, behind) if told else None

    def _row(self, at: int, mark: str) -> _Row | None:
        """Cut one row that begins at a line; None where a quote is not closed soon."""
        line = self._lines[at]
        if mark in _BARS:
            return _Row(tuple(_barred(line, mark)), at + 1)
        cutter = rows.Cutter(mark)
        for behind in range(at, min(at + _OPEN, len(self._lines))):
            row = cutter.feed(self._lines[behind].text, self._lines[behind].ending)
            if row is not None:
                cut = (rows.content(row.text, start, end) for start, end in row.cells)
                return _Row(tuple((line.start + start, line.start + end) for start, end in cut), behind + 1)
        return None

    def _body(self, at: int, mark: str, count: int, *, strict: bool = False) -> tuple[list[_Row], int]:
        """Return the rows from a line on, and the line behind the last; `strict` where none may be of another length."""
        body: list[_Row] = []
        ragged, behind = 0, at
        while at < len(self._lines) and ragged < _RAGGED:
            line = self._lines[at].text
            if mark in _BARS and line and _FRAME.match(line):
                at += 1
                continue
            if not line or line.isspace() or (strict and mark not in line):
                break
            row = self._row(at, mark)
            if row is not None and (len(row.cells) == count or (1 < len(row.cells) < count and not strict)):
                ragged = 0
                body.append(row)
                at = behind = row.behind
                continue
            if strict:
                break
            ragged += 1
            at += 1
        return body, behind

    def _header(self, names: Sequence[str], mark: str) -> list[Column | None] | None:
        """Return what the cells of a row say of the columns below them; None where the row is no header."""
        shown = [_EMPHASIS.sub("", name) for name in names]
        if any(cells.dated(name) or "@" in name for name in shown):
            return None
        told = [_named(name) for name in shown]
        filled = sum(1 for name in shown if name)
        known = sum(1 for one in told if one is not None)
        if filled < 2 or any(len(name.split()) > 6 for name in shown) or any(_is_number(name) for name in shown):
            return None
        enough = known >= 2 and 4 * known >= filled
        simple = known >= 1 and 3 * known >= filled and (mark != "," or all(len(name.split()) < 4 for name in shown))
        return told if enough or simple else None

    def _told(self, body: Sequence[_Row], header: Sequence[Column | None], *, named: bool = True) -> Iterator[Field]:
        """Yield what columns say of the cells below them, or of the cells beside them where the first column has names."""
        sample = [[self._says(row, index) for row in body[:_SAMPLE]] for index in range(len(header))]
        if len(header) <= 4 and (beside := self._named_rows(sample, header)):
            yield from self._told_beside(body, beside)
            return
        told = cells.guess(sample, header)
        if not named and sum(1 for one in told if one is not None) < 2:
            return
        for row in body:
            for index, (start, end) in enumerate(row.cells):
                one = told[index]
                if one is None or start >= end:
                    continue
                value = self._text[start:end]
                if header[index] is None and one.entity_type == "PERSON" and not words.person_name(value):
                    continue
                kind = cells.fitting(one, value)
                if kind is not None:
                    yield Field(start, end, kind, f"csv:{one.meaning}")

    def _says(self, row: _Row, index: int) -> str:
        if index >= len(row.cells):
            return ""
        start, end = row.cells[index]
        return self._text[start:end]

    def _named_rows(self, sample: Sequence[Sequence[str]], header: Sequence[Column | None]) -> int:
        """Return behind which of the first two columns values stand whose names it holds, from 1; 0 where neither does."""
        for index, values in enumerate(sample[:2]):
            own = header[index]
            if own is not None and own.entity_type and not own.tentative:  # some people are called like a column
                continue
            filled = [value for value in values if value]
            known = [one for one in map(_named, filled) if one is not None and one.entity_type]
            if index + 1 < len(sample) and len(known) >= 2 and 2 * len(known) >= len(filled):
                return index + 1
        return 0

    def _told_beside(self, body: Sequence[_Row], first: int) -> Iterator[Field]:
        for row in body:
            one = _named(self._says(row, first - 1))
            if one is None:
                continue
            yield from _names(row.cells[first - 1 : first], [one])
            for start, end in row.cells[first:]:
                kind = cells.fitting(one, self._text[start:end]) if start < end else None
                if kind is not None:
                    yield Field(start, end, kind, f"csv:{one.meaning}")

    def _aligned(self, at: int) -> tuple[list[Field], int] | None:
        """Read columns that are held apart by two blanks or more, under a header."""
        line = self._lines[at]
        spans = [match.span() for match in _ALIGNED.finditer(line.text)]
        if len(spans) < 2:
            return None
        header = self._header([line.text[start:end] for start, end in spans], " ")
        if header is None or sum(1 for one in header if one is not None) < 2:
            return None
        starts = [start for start, _ in spans]
        body: list[_Row] = []
        ragged, behind = 0, at + 1
        while behind < len(self._lines) and ragged < _RAGGED and self._lines[behind].text.strip():
            row = self._lines[behind]
            behind += 1
            if _FRAME.match(row.text):
                continue
            cut = _aligned_cells(row.text, starts)
            if cut is None:
                ragged += 1
                continue
            ragged = 0
            body.append(_Row(tuple((row.start + start, row.start + end) for start, end in cut), behind))
        if not body:
            return None
        names = [(line.start + start, line.start + end) for start, end in spans]
        return [*_names(names, header), *self._told(body, header)], behind


def _names(ranges: Sequence[tuple[int, int]], header: Sequence[Column | None]) -> Iterator[Field]:
    """Yield the names of columns, which identify nobody."""
    for (start, end), one in zip(ranges, header, strict=True):
        if one is not None and start < end:
            yield Field(start, end, "", "csv:header")


def _barred(line: _Line, mark: str) -> Iterator[tuple[int, int]]:
    """Yield what stands between bars; a bar behind a backslash belongs to its cell, and quotes mean nothing."""
    text, at, seek = line.text, 0, 0
    while True:
        end = text.find(mark, seek)
        if end > 0 and text[end - 1] == "\\":
            seek = end + 1
            continue
        start, stop = rows.content(text, at, end if end >= 0 else len(text))
        yield line.start + start, line.start + stop
        if end < 0:
            return
        at = seek = end + 1


def _aligned_cells(text: str, starts: Sequence[int]) -> list[tuple[int, int]] | None:
    """Cut a line at the blanks between its columns; None where it has other columns than the header."""
    spans = [match.span() for match in _ALIGNED.finditer(text)]
    if len(spans) == len(starts):
        return spans
    if any(0 < start <= len(text) and text[start - 1] != " " for start in starts):
        return None
    cut = []
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(text)
        cut.append(rows.content(text, min(start, len(text)), min(end, len(text))))
    return cut


def _named(name: str) -> Column | None:
    """Read a column's name, also one with its unit in brackets, emphasis around it or a colon behind it."""
    name = _EMPHASIS.sub("", name).rstrip(": ")
    return column(name) or (column(_UNIT.sub("", name)) if name.endswith((")", "]")) else None)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()
