"""CSV and TSV (RFC 4180): each row is read with its column names as context; quoting and delimiters stay as they were."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from firewall.errors import LimitExceededError, MalformedInputError
from firewall.payload.document import Limits
from firewall.scrub.pieces import Line, Piece, Record, Verbatim, lines, listed

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"(?:[^"]++|"")*+"')
_CLOSING = re.compile(r'(?:[^"]++|"")*+"')
_HINT = re.compile(r"sep=(.)\Z", re.IGNORECASE)  # the line by which spreadsheets name the delimiter


@dataclass(frozen=True, slots=True)
class _Row:
    """A row: its cells as they were written, quotes and all, and how it ended."""

    cells: Sequence[str] = field(repr=False)
    ending: str


def pieces(
    blocks: Iterable[str], limits: Limits, *, delimiter: str | None = None, header: bool = True
) -> Iterator[Piece]:
    """Yield the rows of a table. The first is the header, unless told otherwise; it is inspected as every other row is.

    Raises MalformedInputError for a quote that is never closed, LimitExceededError for a row over the limits.
    """
    stream = lines(blocks, limits.string_chars)
    first = next(stream, None)
    if first is None:
        return
    hint = _HINT.match(first.text)
    if hint is not None:
        delimiter = hint[1]
        yield Verbatim(first.text + first.ending)
        first = next(stream, None)
        if first is None:
            return
    mark = delimiter or _delimiter(first.text)
    names: list[str] | None = None
    for row in _rows(_chained(first, stream), mark, limits.string_chars):
        values = [_value(cell) for cell in row.cells]
        if names is None:
            names = [value[:80] for value in values] if header else []
            context: list[str] = []
        else:
            context = names
        yield _record(row, values, context, mark)


def _chained(first: Line, rest: Iterable[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _delimiter(line: str) -> str:
    """Return the candidate that stands most often outside quotes in the first line; a comma where none does."""
    bare = _QUOTED.sub("", line)
    return max(_DELIMITERS, key=bare.count)


def _rows(stream: Iterable[Line], mark: str, most: int) -> Iterator[_Row]:
    """Cut lines into cells; a quoted cell may run over several lines. Each character is read once."""
    cells: list[str] = []
    open_cell: list[str] = []
    length = 0
    for number, line in enumerate(stream, 1):
        length += len(line.text)
        if not line.whole or length > most:
            raise LimitExceededError(f"the row that ends at line {number} is longer than {most} characters")
        text, at = line.text, 0
        ended = False
        if open_cell:
            closing = _CLOSING.match(text)
            if closing is None:
                open_cell += [text, line.ending]
                continue
            end = text.find(mark, closing.end())
            cells.append("".join([*open_cell, text[: end if end >= 0 else len(text)]]))
            open_cell = []
            ended, at = end < 0, end + 1
        while not ended:
            if text.startswith('"', at):
                quoted = _QUOTED.match(text, at)
                if quoted is None:
                    open_cell = [text[at:], line.ending]
                    break
                end = text.find(mark, quoted.end())
            else:
                end = text.find(mark, at)
            cells.append(text[at : end if end >= 0 else len(text)])
            ended, at = end < 0, end + 1
        if ended:
            yield _Row(cells, line.ending)
            cells, length = [], 0
    if open_cell:
        raise MalformedInputError("a quote is never closed, so the rows behind it cannot be told apart")


def _value(cell: str) -> str:
    """Return what a cell says."""
    quoted = _QUOTED.match(cell)
    if quoted is None:
        return cell
    return quoted[0][1:-1].replace('""', '"') + cell[quoted.end() :]


def _record(row: _Row, values: Sequence[str], names: Sequence[str], mark: str) -> Piece:
    filled = [index for index, value in enumerate(values) if value.strip()]
    if not filled:
        return Verbatim(mark.join(row.cells) + row.ending)
    document = listed(
        [values[index] for index in filled],
        [names[index] if index < len(names) else "" for index in filled],
        [f"/{index}" for index in filled],
    )
    # A row of one empty cell would be a blank line, which readers of tables pass over.
    empty = mark * (len(values) - 1) if len(values) > 1 else '""'

    def render(content: str) -> str:
        cells = list(row.cells)
        for index, text in zip(filled, json.loads(content), strict=True):
            if text != values[index]:
                cells[index] = _written(text, mark, quoted=cells[index].startswith('"'))
        return mark.join(cells) + row.ending

    return Record(document, render, empty + row.ending)


def _written(text: str, mark: str, *, quoted: bool) -> str:
    """Write a cell in the way it was written before, quoted where it must be."""
    if quoted or mark in text or '"' in text or "\n" in text or "\r" in text:
        escaped = text.replace('"', '""')
        return f'"{escaped}"'
    return text
