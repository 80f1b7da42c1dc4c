"""CSV, TSV and other tables of delimited cells (RFC 4180): cells, quoted or not.

Only a text that is a table from its first line to its last is one here, since in prose a comma parts nothing: lines of as
many cells each, and no blanks behind most of the commas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from firewall.syntax.rows import DELIMITERS, QUOTED, Cutter, content
from firewall.syntax.spelling import Literal, Spelled, piecewise

_BREAK = re.compile(r"\r\n|\n|\r")
_QUOTE = re.compile(r'""')
_FEW = 3  # cells or rows that a table has at least, in one of the two ways
_QUOTED = '"'


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """The cells of a table."""

    text: str = field(repr=False)
    literals: tuple[Literal, ...]
    mark: str
    cuts_across = False

    def spelled(self, literal: Literal) -> Spelled:
        """Return what a cell says."""
        raw = self.text[literal.start : literal.end]
        if literal.kind != _QUOTED or '"' not in raw:
            return Spelled(raw)
        return piecewise(raw, ((*match.span(), '"') for match in _QUOTE.finditer(raw)))

    def encode(self, literal: Literal, text: str) -> str:
        """Write a text so that it stays in its cell. Without quotes, what would end the cell becomes a blank."""
        if literal.kind == _QUOTED:
            return text.replace('"', '""')
        return re.sub(rf'[{re.escape(self.mark)}"\r\n]', " ", text)


def syntax_in(text: str) -> DelimitedText | None:
    """Return the syntax of a text that is a table as a whole, or None. Linear; never raises."""
    first = _BREAK.search(text)
    if first is None:
        return None
    head = QUOTED.sub("", text[: first.start()])
    for mark in sorted(DELIMITERS, key=head.count, reverse=True):
        if mark not in head:
            continue
        rows = _rows(text, mark)
        counts = {len(row) for row in rows or ()}
        wide = max(counts, default=0)
        if rows is None or len(counts) != 1 or wide < 2 or len(rows) < 2 or max(wide, len(rows)) < _FEW:
            continue
        if mark == "," and 2 * text.count(", ") > text.count(","):
            continue
        return DelimitedText(text, tuple(one for row in rows for one in row if one.start < one.end), mark)
    return None


def _rows(text: str, mark: str) -> list[list[Literal]] | None:
    """Return what the cells of each row say; rows that are blank have none. None where a quote is never closed."""
    cutter = Cutter(mark)
    found: list[list[Literal]] = []
    start = at = 0  # of the row, of the line
    while at <= len(text):
        end = _BREAK.search(text, at)
        high, behind = (len(text), len(text) + 1) if end is None else end.span()
        row = cutter.feed(text[at:high], "" if end is None else end[0])
        at = behind
        if row is None:
            continue
        cells = [_cell(text, start + low, start + high) for low, high in row.cells]
        if len(cells) > 1 or cells[0].start < cells[0].end:
            found.append(cells)
        start = at
    return None if cutter.is_open else found


def _cell(text: str, start: int, end: int) -> Literal:
    written = text[start:end].strip(" \t")
    low, high = content(text, start, end)
    return Literal(low, high, _QUOTED if len(written) > 1 and written[0] == written[-1] == '"' else "")
