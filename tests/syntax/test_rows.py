"""Rows of delimited text: every character has its place, and Python's own reader sees the same cells."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.syntax import rows

CELLS = st.text(alphabet=st.sampled_from('ab ,;"\n\té|'), max_size=6)


def cut(text: str, mark: str) -> list[rows.Row]:
    """Feed a text line by line."""
    cutter = rows.Cutter(mark)
    lines = (line.removesuffix("\n") for line in text.splitlines(keepends=True))
    return [row for line in lines if (row := cutter.feed(line, "\n")) is not None]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(rows.DELIMITERS))
def test_cells_are_those_of_pythons_reader(table: list[list[str]], mark: str) -> None:
    """Quoted cells with delimiters, quotes and lines in them come back as they were meant."""
    file = io.StringIO()
    csv.writer(file, delimiter=mark, lineterminator="\n").writerows(table)
    found = cut(file.getvalue(), mark)
    assert [[rows.value(row.written(index)) for index in range(len(row.cells))] for row in found] == table
    assert "".join(row.text + row.ending for row in found) == file.getvalue()


def test_an_open_quote_is_known() -> None:
    """A row that has not ended is no row yet."""
    cutter = rows.Cutter(",")
    assert cutter.feed('a,"b', "\n") is None
    assert (cutter.is_open, cutter.length) == (True, 5)
    row = cutter.feed('c",d', "")
    assert row is not None
    assert [row.written(index) for index in range(3)] == ["a", '"b\nc"', "d"]
    assert (cutter.is_open, cutter.length) == (False, 0)


@pytest.mark.parametrize(("line", "mark"), [("a;b;c,d", ";"), ('"a,b,c";d', ";"), ("a\tb", "\t"), ("a", ",")])
def test_the_delimiter_is_what_stands_most_often_outside_quotes(line: str, mark: str) -> None:
    """A comma where nothing tells."""
    assert rows.delimiter(line) == mark


@pytest.mark.parametrize(("cell", "said"), [(' " a b " ', "a b"), ("  x ", "x"), ('""', ""), ('"', '"'), ("", "")])
def test_content_is_without_quotes_and_blanks(cell: str, said: str) -> None:
    """The range of what a cell says may be empty."""
    start, end = rows.content(cell, 0, len(cell))
    assert cell[start:end] == said
