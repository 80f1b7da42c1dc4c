"""CSV and TSV (RFC 4180), row by row: each cell is read under its column's name; quoting and delimiters stay as they were.

What columns' names and values mean is known to the structure layer; here a file only becomes rows, and rows a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from firewall.errors import LimitExceededError, MalformedInputError
from firewall.payload.dialects.cells import guess
from firewall.payload.document import Limits
from firewall.scrub.pieces import Line, Piece, Record, Verbatim, lines, listed
from firewall.syntax import rows

_HINT = re.compile(r"sep=(.)\Z", re.IGNORECASE)  # the line by which spreadsheets name the delimiter
_AHEAD = 50  # rows of a table without a header by which its columns are judged


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
    mark = delimiter or rows.delimiter(first.text)
    cut = _rows(_chained(first, stream), mark, limits.string_chars)
    if header:
        top = next(cut)
        yield _record(top, _values(top), (), mark)
        names = [value[:80] for value in _values(top)]
    else:
        ahead = list(islice(cut, _AHEAD))
        names, cut = _guessed(ahead), chain(ahead, cut)
    for row in cut:
        yield _record(row, _values(row), names, mark)


def _values(row: rows.Row) -> list[str]:
    return [rows.value(row.written(index)) for index in range(len(row.cells))]


def _guessed(ahead: Sequence[rows.Row]) -> list[str]:
    """Return a name of ours for each column whose values say what they are, "" for the others."""
    values = [[value.strip() for value in _values(row)] for row in ahead]
    wide = max(map(len, values), default=0)
    columns = [[row[index] if index < len(row) else "" for row in values] for index in range(wide)]
    return ["" if one is None else one.meaning for one in guess(columns, [None] * wide)]


def _chained(first: Line, rest: Iterable[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _rows(stream: Iterable[Line], mark: str, most: int) -> Iterator[rows.Row]:
    """Cut lines into rows of at most `most` characters; a quoted cell may run over several lines."""
    cutter = rows.Cutter(mark)
    for number, line in enumerate(stream, 1):
        if not line.whole or cutter.length + len(line.text) > most:
            raise LimitExceededError(f"the row that ends at line {number} is longer than {most} characters")
        row = cutter.feed(line.text, line.ending)
        if row is not None:
            yield row
    if cutter.is_open:
        raise MalformedInputError("a quote is never closed, so the rows behind it cannot be told apart")


def _record(row: rows.Row, values: Sequence[str], names: Sequence[str], mark: str) -> Piece:
    filled = [index for index, value in enumerate(values) if value.strip()]
    if not filled:
        return Verbatim(row.text + row.ending)
    document = listed(
        [values[index] for index in filled],
        [names[index] if index < len(names) else "" for index in filled],
        [f"/{index}" for index in filled],
    )
    # A row of one empty cell would be a blank line, which readers of tables pass over.
    empty = mark * (len(values) - 1) if len(values) > 1 else '""'

    def render(content: str) -> str:
        cells = [row.written(index) for index in range(len(values))]
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
