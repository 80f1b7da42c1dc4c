"""Files in pieces: whatever the file, its pieces give it back, and a row, a message or a line stays one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.errors import FirewallError, LimitExceededError, MalformedInputError
from firewall.payload.document import Limits
from firewall.scrub import hl7, json_texts, tables, texts
from firewall.scrub.pieces import Piece, Record, TextSource, Unreadable, Verbatim, lines

LIMITS = Limits()
SMALL = Limits(body_bytes=200, string_chars=200)
CELLS = st.text(alphabet=st.sampled_from('ab ,;"\r\n\té|'), max_size=6)


def blocks(text: str, size: int) -> Iterator[str]:
    """Yield a text in blocks of a size."""
    for at in range(0, len(text), size):
        yield text[at : at + size]


def put_back(pieces: Iterator[Piece], edit: Callable[[str], str] = str) -> str:
    """Write pieces as they are written where `edit` is what became of each document."""
    done: list[str] = []
    for piece in pieces:
        match piece:
            case Verbatim(text):
                done.append(text)
            case Record(document, render, _):
                done.append(render(edit(document.source)))
            case Unreadable(empty):
                done.append(empty)
    return "".join(done)


def emptied(pieces: Iterator[Piece]) -> str:
    """Write pieces as they are written where the policy withholds every record."""
    return "".join(piece.text if isinstance(piece, Verbatim) else piece.empty for piece in pieces)


def shape(table: str, mark: str) -> list[int]:
    """Return the number of cells of each row, as Python's own reader sees them."""
    return [len(row) for row in csv.reader(io.StringIO(table, newline=""), delimiter=mark)]


def shouted(content: str) -> str:
    """Replace every string of a JSON array by one that needs quoting and escaping everywhere."""
    return json.dumps(['<X>,;|^~&\\"\n' for _ in json.loads(content)])


class TestLines:
    """Line breaks."""

    @given(st.text(alphabet="ab\r\n", max_size=40), st.integers(1, 7))
    def test_lines_and_endings_give_the_text_back(self, text: str, size: int) -> None:
        """No character is lost between lines, wherever blocks are cut."""
        cut = list(lines(blocks(text, size), 100))
        assert "".join(line.text + line.ending for line in cut) == text
        assert [line.text for line in cut] == text.splitlines()

    @given(st.text(alphabet="ab\r\n", max_size=40), st.integers(1, 7))
    def test_where_blocks_end_means_nothing(self, text: str, size: int) -> None:
        """A CRLF that two blocks share is one line break."""
        assert list(lines(blocks(text, size), 100)) == list(lines([text], 100))

    def test_a_line_over_the_limit_loses_its_text_and_keeps_its_ending(self) -> None:
        """A long line costs no memory and is known to be incomplete."""
        cut = list(lines(blocks("x" * 1000 + "\nshort\n", 64), 100))
        assert [(line.text, line.ending, line.whole) for line in cut] == [("", "\n", False), ("short", "\n", True)]

    @pytest.mark.parametrize("raw", [b"\xff\xfea\x00", b"caf\xe9", b"ok\x00no", b"\xe2\x82"])
    def test_what_is_not_utf8_text_is_refused(self, raw: bytes) -> None:
        """UTF-16, Latin-1, null characters and a cut character are no text that is read here."""
        with pytest.raises(MalformedInputError):
            list(TextSource(io.BytesIO(raw)).blocks())

    def test_a_byte_order_mark_is_noted_and_not_part_of_the_text(self) -> None:
        """The mark that spreadsheets write does not become part of the first column's name."""
        source = TextSource(io.BytesIO(b"\xef\xbb\xbfname"))
        assert ("".join(source.blocks()), source.marked, source.consumed) == ("name", True, 7)


class TestTexts:
    """Plain text and Markdown."""

    @given(st.text(alphabet="ab .\n\r\u2028", max_size=200), st.integers(1, 50), st.integers(2, 60))
    def test_chunks_give_the_text_back(self, text: str, size: int, chunk: int) -> None:
        """Chunks join without overlap and without a gap, whatever their size."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(texts, "CHUNK_CHARS", chunk)
            assert put_back(texts.pieces(blocks(text, size))) == text

    def test_text_is_cut_between_paragraphs(self) -> None:
        """A paragraph stays whole where one ends in the second half of a chunk."""
        paragraph = "Seen on the ward today. " * 120 + "\n\n"
        found = [piece for piece in texts.pieces([paragraph * 9]) if isinstance(piece, Record)]
        assert len(found) > 2
        assert all(piece.document.leaves[0].text.endswith("\n\n") for piece in found)
        assert all(len(piece.document.leaves[0].text) <= texts.CHUNK_CHARS for piece in found)

    def test_a_run_without_white_space_is_withheld_in_constant_memory(self) -> None:
        """What cannot be cut without cutting a word is not read, and what follows is."""
        pieces = list(texts.pieces(blocks("x" * 1_000_000 + " and so on", 4096)))
        assert [type(piece) for piece in pieces] == [Unreadable, Record]
        assert put_back(iter(pieces)) == " and so on"

    def test_a_withheld_chunk_keeps_its_line_breaks(self) -> None:
        """Line numbers of what follows stay what they were."""
        assert emptied(texts.pieces(["one\r\ntwo\n\nthree"])) == "\r\n\n\n"


class TestJson:
    """JSON and JSON Lines."""

    @given(
        st.lists(
            st.recursive(
                st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists, max_leaves=5
            ),
            max_size=5,
        )
    )
    def test_json_lines_give_the_file_back(self, values: list[object]) -> None:
        """Lines come back to the letter, and as many."""
        text = "".join(json.dumps(value, ensure_ascii=False) + "\r\n" for value in values)
        assert put_back(json_texts.json_lines([text], LIMITS)) == text

    def test_a_broken_or_overlong_line_is_not_written_and_the_next_one_is(self) -> None:
        """What cannot be read does not pass, and does not stop the file."""
        text = '{"a": 1}\n{"a": \n\n' + '"' + "x" * 300 + '"\n[2]'
        assert put_back(json_texts.json_lines([text], SMALL)) == '{"a": 1}\nnull\n\nnull\n[2]'

    def test_withheld_lines_are_empty_values_of_their_kind(self) -> None:
        """Readers of the cleaned file find as many lines, each of the kind it was."""
        text = '{"a": 1}\n ["b"]\n"c"\n4\n'
        assert emptied(json_texts.json_lines([text], LIMITS)) == '{}\n[]\n""\nnull\n'

    def test_a_document_over_the_limit_is_refused(self) -> None:
        """A JSON document is read whole or not at all."""
        with pytest.raises(LimitExceededError):
            list(json_texts.document(["[", "1," * 300, "1]"], SMALL))


class TestTables:
    """CSV and TSV."""

    @given(st.text(alphabet='ab ,"\r\n', max_size=60), st.integers(1, 9))
    def test_any_table_that_can_be_read_comes_back_to_the_letter(self, text: str, size: int) -> None:
        """Quoting, spacing and line endings are kept, also where they are not what RFC 4180 asks for."""
        try:
            assert put_back(tables.pieces(blocks(text, size), LIMITS)) == text
        except MalformedInputError:
            assert text.count('"') % 2 or '"' in text

    @given(
        st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6),
        st.sampled_from(",;\t|"),
        st.sampled_from(["\r\n", "\n"]),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    )
    def test_rows_and_columns_are_kept_whatever_is_written_into_them(
        self, rows: list[list[str]], mark: str, ending: str, quoting: Any
    ) -> None:
        """After any edit, and after any withholding, the table has as many rows and columns as before."""
        file = io.StringIO()
        csv.writer(file, delimiter=mark, lineterminator=ending, quoting=quoting).writerows([["a", "b", "c"], *rows])
        for written in (
            put_back(tables.pieces([file.getvalue()], LIMITS), shouted),
            emptied(tables.pieces([file.getvalue()], LIMITS)),
        ):
            assert shape(written, mark) == shape(file.getvalue(), mark)

    def test_only_changed_cells_change(self) -> None:
        """An edit of one cell leaves the quoting of its neighbours as it was."""
        text = 'name,note\n"Doe, J","said ""hi""",  x \nRoe,fine,y\n'

        def edit(content: str) -> str:
            return content.replace("Doe, J", "<PERSON>").replace("fine", 'a \\"b\\", c')

        assert put_back(tables.pieces([text], LIMITS), edit) == (
            'name,note\n"<PERSON>","said ""hi""",  x \nRoe,"a ""b"", c",y\n'
        )

    def test_column_names_are_the_field_names_of_cells(self) -> None:
        """Detectors read a cell behind its column's name."""
        _, row = (piece for piece in tables.pieces(["MRN;Note\n123;\n"], LIMITS) if isinstance(piece, Record))
        assert [(leaf.pointer, leaf.field_name, leaf.text) for leaf in row.document.leaves] == [("/0", "MRN", "123")]

    def test_without_a_header_the_first_row_names_nothing(self) -> None:
        """Somebody's data in the first row is no name for what stands below it."""
        found = tables.pieces(["Doe,1\nRoe,2\n"], LIMITS, header=False)
        assert [leaf.field_name for piece in found if isinstance(piece, Record) for leaf in piece.document.leaves] == [
            ""
        ] * 4

    def test_the_delimiter_line_of_spreadsheets_is_obeyed(self) -> None:
        """`sep=;` stands above the header and is no row."""
        text = "sep=;\na,b;c\n1,5;2\n"
        header, row = (piece for piece in tables.pieces([text], LIMITS) if isinstance(piece, Record))
        assert [leaf.text for leaf in row.document.leaves] == ["1,5", "2"]
        assert [leaf.text for leaf in header.document.leaves] == ["a,b", "c"]

    @pytest.mark.parametrize("text", ['a,b\n"open,1\n2,3\n', "a\n" + "x" * 500])
    def test_a_table_that_cannot_be_cut_into_rows_is_refused(self, text: str) -> None:
        """An open quote or an endless row fails the file rather than guess."""
        with pytest.raises(FirewallError):
            list(tables.pieces([text], SMALL))


MESSAGE = (
    "MSH|^~\\&|LAB|MERCY|EHR|MERCY|20260102||ORU^R01|77|P|2.5.1\r"
    "PID|1||104^^^MERCY^MR||DOE^JANE^Q||19800102|F|||1 ELM ST^^BOSTON^MA^02110||617-555-0143~617-555-0144\r"
    "OBX|1|TX|8251-1^General comment||Seen by Dr\\T\\ nurse \\H\\now\\N\\||||||F\r"
)


class TestHl7:
    """HL7 v2."""

    @given(st.text(alphabet="ab|^~&\\\r\n ", max_size=60), st.integers(1, 9), st.sampled_from(["\r", "\n", "\r\n"]))
    def test_any_message_comes_back_to_the_letter(self, tail: str, size: int, ending: str) -> None:
        """Delimiters, escapes, frames and odd lines are kept."""
        text = f"\x0b{MESSAGE}ZZZ|{tail}\x1c\r{MESSAGE}".replace("\r", ending)
        assert put_back(hl7.pieces(blocks(text, size), LIMITS)) == text

    def test_a_withheld_message_keeps_its_segments_and_delimiters(self) -> None:
        """Readers of the cleaned file find as many messages, with nothing in them."""
        assert emptied(hl7.pieces([MESSAGE], LIMITS)).split("\r")[1] == "PID|||^^^^||^^||||||^^^^||~"

    def test_each_message_is_one_document(self) -> None:
        """A message is read whole, and the next one is another patient's."""
        found = [piece for piece in hl7.pieces([MESSAGE * 3], LIMITS) if isinstance(piece, Record)]
        assert [piece.document.leaves[0].text for piece in found] == [MESSAGE] * 3

    @pytest.mark.parametrize("text", ["hello\rthere", "MSHA", "MSH|ab|x\r", "PID|1\r"])
    def test_what_does_not_begin_as_hl7_is_refused(self, text: str) -> None:
        """A file with the wrong name is not taken apart by guess."""
        with pytest.raises(MalformedInputError):
            list(hl7.pieces([text], LIMITS))
