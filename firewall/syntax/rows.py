"""Rows of delimited text (RFC 4180): lines become rows, and rows cells, with the place of every cell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DELIMITERS = ",;\t|"
QUOTED = re.compile(r'"(?:[^"]++|"")*+"')
_CLOSING = re.compile(r'(?:[^"]++|"")*+"')


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was written, quotes and all, the ranges of its cells in that text, and how it ended."""

    text: str = field(repr=False)
    cells: tuple[tuple[int, int], ...]
    ending: str

    def written(self, index: int) -> str:
        """Return a cell as it was written."""
        start, end = self.cells[index]
        return self.text[start:end]


class Cutter:
    """Cuts lines into rows; a quoted cell may run over several lines. Each character is read once."""

    def __init__(self, mark: str) -> None:
        """Take the delimiter, one character."""
        self._mark = mark
        self._pieces: list[str] = []
        self._cells: list[tuple[int, int]] = []
        self._open = -1  # where the open cell began, in the row's text
        self._length = 0

    @property
    def is_open(self) -> bool:
        """Whether a quoted cell has not been closed yet."""
        return self._open >= 0

    @property
    def length(self) -> int:
        """The code points of the row that is being read, before the next line."""
        return self._length

    def feed(self, text: str, ending: str) -> Row | None:
        """Take a line and how it ended; return the row that it ends, or None where a cell is still open."""
        mark, base = self._mark, self._length
        if self._open < 0 and '"' not in text:  # most lines
            cells, at = [], 0
            for cell in text.split(mark):
                cells.append((at, at + len(cell)))
                at += len(cell) + 1
            return Row(text, tuple(cells), ending)
        at, ended = 0, False
        if self._open >= 0:
            closing = _CLOSING.match(text)
            if closing is None:
                self._pieces += [text, ending]
                self._length += len(text) + len(ending)
                return None
            at, ended = self._close(text, closing.end(), self._open, base)
        while not ended:
            if text.startswith('"', at):
                quoted = QUOTED.match(text, at)
                if quoted is None:
                    self._open = base + at
                    self._pieces += [text, ending]
                    self._length += len(text) + len(ending)
                    return None
                at, ended = self._close(text, quoted.end(), base + at, base)
            else:
                at, ended = self._close(text, at, base + at, base)
        row = Row("".join([*self._pieces, text]), tuple(self._cells), ending)
        self._pieces, self._cells, self._open, self._length = [], [], -1, 0
        return row

    def _close(self, text: str, at: int, began: int, base: int) -> tuple[int, bool]:
        """Take a cell up to the next delimiter behind `at`; return where the next one begins, and whether none does."""
        end = text.find(self._mark, at)
        self._cells.append((began, base + (end if end >= 0 else len(text))))
        self._open = -1
        return end + 1, end < 0


def delimiter(line: str) -> str:
    """Return the candidate that stands most often outside quotes in a line; a comma where none does."""
    bare = QUOTED.sub("", line)
    return max(DELIMITERS, key=bare.count)


def value(cell: str) -> str:
    """Return what a cell says."""
    quoted = QUOTED.match(cell)
    if quoted is None:
        return cell
    return quoted[0][1:-1].replace('""', '"') + cell[quoted.end() :]


def content(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of what a cell says, without the quotes and the blanks around it; it may be empty."""
    while start < end and text[start] in " \t":
        start += 1
    while end > start and text[end - 1] in " \t":
        end -= 1
    if end - start >= 2 and text[start] == '"' and text[end - 1] == '"':
        start, end = start + 1, end - 1
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
    return start, end
