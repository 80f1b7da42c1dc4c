"""Labelled texts are read, or refused with file, line and what to do, and none of their text is repeated."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from firewall.check import labelled
from firewall.errors import ConfigurationError
from firewall.vocabulary import Origin

SECRET = "the quarterly figures of ward nine"


def write(path: Path, *rows: object) -> Path:
    """Write one JSON value a line."""
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


def test_rows_are_read_with_their_lines_and_sides(tmp_path: Path) -> None:
    """Blank lines count, the surface decides the side, members that are not known are counted."""
    path = tmp_path / "my.jsonl"
    first = {"text": "a", "label": 1, "span": [0, 1], "surface": "user_prompt"}
    second = {"text": "b", "label": 0, "source": "crawl"}
    path.write_text(f"{json.dumps(first)}\n\n{json.dumps(second)}", encoding="utf-8")
    found = labelled.read(path)
    assert [(row.line, row.label, row.span, row.origin) for row in found.rows] == [
        (1, 1, (0, 1), Origin.USER_PROMPT),
        (3, 0, None, Origin.TOOL_RESULT),
    ]
    assert (found.positives, found.unread_members) == (1, 1)


def test_a_packed_file_is_the_same_file(tmp_path: Path) -> None:
    """Rows and digest do not depend on gzip."""
    plain = write(tmp_path / "my.jsonl", {"text": "a", "label": 1}, {"text": "b", "label": 0})
    packed = tmp_path / "my.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    first, second = labelled.read(plain), labelled.read(packed)
    assert (first.rows, first.sha256) == (second.rows, second.sha256)


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({"label": 1}, "text is missing"),
        ({"text": " ", "label": 1}, "text is missing"),
        ({"text": 5, "label": 1}, "text is missing"),
        ({"text": SECRET}, "label is missing"),
        ({"text": SECRET, "label": 2}, "neither 0 nor 1"),
        ({"text": SECRET, "label": True}, "neither 0 nor 1"),
        ({"text": SECRET, "label": [1]}, "neither 0 nor 1"),
        ({"text": SECRET, "label": 1, "span": [3, 3]}, "span"),
        ({"text": SECRET, "label": 1, "span": [0, 400]}, "span"),
        ({"text": SECRET, "label": 1, "span": [0, True]}, "span"),
        ({"text": SECRET, "label": 1, "span": "all"}, "span"),
        ({"text": SECRET, "label": 0, "span": [0, 3]}, "label 0 has a span"),
        ({"text": SECRET, "label": 0, "surface": SECRET}, "surface is none of user_prompt"),
        ({"text": SECRET, "label": 0, "group": [SECRET]}, "group"),
        ({"text": SECRET + "\ud800", "label": 0}, "surrogate"),
        ([SECRET], "not an object"),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_not_shown(row: object, part: str, tmp_path: Path) -> None:
    """The sentence holds the file, the line and what is wrong, and nothing of the text."""
    path = write(tmp_path / "my.jsonl", {"text": "fine", "label": 0}, row)
    with pytest.raises(ConfigurationError) as caught:
        labelled.read(path)
    assert caught.value.detail.startswith("my.jsonl:2: ")
    assert part in caught.value.detail
    assert "quarterly" not in caught.value.detail
    assert "quarterly" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (b'{"text": "a", "label": 0}\n{"text": "quart', "my.jsonl:2: is not JSON"),
        (b'{"text": "\xff", "label": 0}', "my.jsonl:1: is not UTF-8"),
        (b"\n\n", "holds no rows"),
        (b"[" * 200_000, "my.jsonl:1: is not JSON"),
    ],
)
def test_a_broken_file_is_refused(raw: bytes, part: str, tmp_path: Path) -> None:
    """What is not JSON Lines is named by the line, where there is one."""
    path = tmp_path / "my.jsonl"
    path.write_bytes(raw)
    with pytest.raises(ConfigurationError) as caught:
        labelled.read(path)
    assert part in caught.value.detail


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder and half a gzip file are told apart."""
    with pytest.raises(ConfigurationError, match="no such file"):
        labelled.read(tmp_path / "none.jsonl")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        labelled.read(tmp_path)
    half = tmp_path / "my.jsonl.gz"
    half.write_bytes(gzip.compress(b'{"text": "a", "label": 0}\n' * 50)[:-9])
    with pytest.raises(ConfigurationError, match="gzip"):
        labelled.read(half)


def test_too_few_rows_of_a_label_are_counted(tmp_path: Path) -> None:
    """The sentence says how many there are and how many are needed."""
    found = labelled.read(write(tmp_path / "my.jsonl", {"text": "a", "label": 1}, {"text": "b", "label": 0}))
    found.require(each=1, what="this")
    with pytest.raises(ConfigurationError, match="1 rows with label 1 and 1 with label 0; this needs at least 2"):
        found.require(each=2, what="this")


def test_rows_show_no_text(tmp_path: Path) -> None:
    """Neither a row nor a file says in its repr what it holds."""
    found = labelled.read(write(tmp_path / "my.jsonl", {"text": SECRET, "label": 0, "group": SECRET}))
    assert "quarterly" not in repr(found) + repr(found.rows[0])


def test_texts_that_differ_in_case_space_and_digits_share_a_key() -> None:
    """Other letters make another key, and a text of digits alone keeps one of its own."""
    assert labelled.key("Order 66 now") == labelled.key("order  7\tNOW")
    assert labelled.key("order now") != labelled.key("order later")
    assert labelled.key("12") != labelled.key("13")


def test_the_same_text_with_two_labels_is_found(tmp_path: Path) -> None:
    """Both lines are named; the same text as a prompt is another thing than as a result."""
    rows = labelled.read(
        write(
            tmp_path / "my.jsonl",
            {"text": "a", "label": 1},
            {"text": "a", "label": 0, "surface": "user_prompt"},
            {"text": "a", "label": 0},
        )
    ).rows
    assert labelled.contradictions(rows) == [(1, 3)]
