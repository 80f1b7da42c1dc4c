"""The JSON scanner: what it accepts it gives back untouched, and it refuses the rest with the place."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.errors import FirewallError, LimitExceededError, MalformedInputError
from firewall.payload.document import Limits, decode, escape, from_text, parse, safe_pointer

LIMITS = Limits()
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


def at(value: Any, pointer: str) -> Any:
    """Follow an RFC 6901 pointer into a plain value."""
    for token in pointer.split("/")[1:]:
        step = token.replace("~1", "/").replace("~0", "~")
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


class TestReading:
    """Well-formed JSON."""

    @given(value=values, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
    @settings(max_examples=100, deadline=None)
    def test_every_string_and_number_is_a_leaf_with_its_pointer(
        self, value: Any, indent: int | None, ascii_only: bool
    ) -> None:
        """Each leaf's pointer leads to the value whose text it carries, in the order of the source."""
        source = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
        document = parse(source, LIMITS)
        assert [leaf.start for leaf in document.leaves] == sorted(leaf.start for leaf in document.leaves)
        for leaf in document.leaves:
            literal = json.loads(source[leaf.start : leaf.end])
            if leaf.kind == "key":
                assert leaf.pointer.endswith("/" + escape(literal)) and literal == leaf.text
                at(value, leaf.pointer)
            else:
                assert at(value, leaf.pointer) == literal
                assert leaf.text == (literal if leaf.kind == "string" else source[leaf.start : leaf.end])

    @given(value=values, data=st.data())
    @settings(max_examples=100, deadline=None)
    def test_an_edit_keeps_every_other_character(self, value: Any, data: st.DataObject) -> None:
        """Outside the edited literals the source stays as it was, and the result parses to the same shape."""
        source = json.dumps(value, indent=1)
        document = parse(source, LIMITS)
        strings = [index for index, leaf in enumerate(document.leaves) if leaf.kind == "string"]
        chosen = data.draw(st.sets(st.sampled_from(strings))) if strings else set()
        edited = document.edited(dict.fromkeys(chosen, 'new "text"\n\\ '))
        after = parse(edited, LIMITS)
        assert [(leaf.pointer, leaf.kind) for leaf in after.leaves] == [
            (leaf.pointer, leaf.kind) for leaf in document.leaves
        ]
        gaps, new_gaps, old_end, new_end = [], [], 0, 0
        for index, (old, new) in enumerate(zip(document.leaves, after.leaves, strict=True)):
            gaps.append(source[old_end : old.start])
            new_gaps.append(edited[new_end : new.start])
            old_end, new_end = old.end, new.end
            expected = json.dumps('new "text"\n\\ ') if index in chosen else source[old.start : old.end]
            assert edited[new.start : new.end] == expected
        assert new_gaps == gaps and edited[new_end:] == source[old_end:]

    def test_without_an_edit_the_source_comes_back(self) -> None:
        """Odd spellings of numbers, white space and escapes survive."""
        source = '\n { "a" : [ 1.0e+2 , -0, 1E400, "\\u0041\\/" ] , "b":{} }\t'
        assert parse(source, LIMITS).edited({}) == source

    def test_numbers_keep_their_spelling_and_become_zero_when_edited(self) -> None:
        """A number's text is its spelling, and an edit keeps its type."""
        document = parse('{"n": 1.50e3}', LIMITS)
        index = next(i for i, leaf in enumerate(document.leaves) if leaf.kind == "number")
        assert document.leaves[index].text == "1.50e3"
        assert document.edited({index: "<US_SSN>"}) == '{"n": 0}'

    def test_escaped_names_become_escaped_pointers(self) -> None:
        """A slash and a tilde in a name are written as RFC 6901 says."""
        document = parse('{"a/b": {"c~d": "x"}, "": "y"}', LIMITS)
        assert [leaf.pointer for leaf in document.leaves if leaf.kind == "string"] == ["/a~1b/c~0d", "/"]

    def test_list_items_carry_the_name_of_the_list(self) -> None:
        """A string in a list stands under the nearest member name."""
        document = parse('{"mrn": ["a", ["b"]], "x": {"y": "c"}}', LIMITS)
        assert [leaf.field_name for leaf in document.leaves if leaf.kind == "string"] == ["mrn", "mrn", "y"]

    def test_a_surrogate_pair_is_one_character(self) -> None:
        """Two halves that belong together are read as the character they spell."""
        assert parse('"\\ud83d\\ude00"', LIMITS).leaves[0].text == "\U0001f600"

    @pytest.mark.parametrize("source", ["null", "true", "-0.5", '""', "[]", "{}", " [ ] "])
    def test_any_value_may_stand_alone(self, source: str) -> None:
        """A document need not be an object."""
        assert parse(source, LIMITS).source == source


class TestSubDocuments:
    """A value of an envelope as a document of its own."""

    SOURCE = '{"tool": "t", "arguments" : {"a": ["x", 12345], "b": "y"} , "z": "w"}'

    def test_a_sub_document_equals_the_value_parsed_alone(self) -> None:
        """Leaves, pointers and places are those of the value's own text."""
        sub = parse(self.SOURCE, LIMITS).sub("/arguments")
        alone = parse('{"a": ["x", 12345], "b": "y"}', LIMITS)
        assert sub.source == alone.source
        assert [(leaf.pointer, leaf.kind, leaf.start, leaf.end, leaf.text) for leaf in sub.leaves] == [
            (leaf.pointer, leaf.kind, leaf.start, leaf.end, leaf.text) for leaf in alone.leaves
        ]

    def test_a_sub_document_of_a_string_is_one_leaf(self) -> None:
        """A string stands at the pointer "" of its own document."""
        sub = parse(self.SOURCE, LIMITS).sub("/tool")
        assert (sub.source, [(leaf.pointer, leaf.kind) for leaf in sub.leaves]) == ('"t"', [("", "string")])

    def test_batches_reach_three_levels_down(self) -> None:
        """The payload of each request of a batch can be cut out."""
        document = parse('{"requests": [{"arguments": {"q": "one"}}, {"arguments": "two"}]}', LIMITS)
        assert document.sub("/requests/0/arguments").source == '{"q": "one"}'
        assert document.sub("/requests/1/arguments").leaves[0].text == "two"

    def test_plain_text_is_the_string_it_is_on_the_wire(self) -> None:
        """Text that is no JSON gets the same leaves as its JSON string."""
        text = 'a "quoted"\nline\u2028'
        document = from_text(text)
        assert parse(document.source, LIMITS).leaves == document.leaves
        assert json.loads(document.source) == text


MALFORMED = [
    "", " ", "{", "[", "}", "]", '"', '"a', "{]", "[}", "[1,]", "[,1]", "[1 2]", '{"a"}', '{"a":}', '{"a":1,}',
    '{"a" 1}', '{"a":1 "b":2}', "{a:1}", "{1:2}", "{'a':1}", "[1]]", "1 2", "nul", "True", "NaN", "Infinity",
    "-Infinity", "[NaN]", "01", "-", "+1", ".5", "1.", "1e", "0x10", "1_000", '"\t"', '"\n"', '"\x00"', '"\\x41"',
    '"\\u12"', '"\\u12G4"', '"\\"', "[1]x", "// c\n1", "[1,\u00a02]", "{,}", '{"a":1,,"b":2}', "{}{}", ":", ",",
]  # fmt: skip


class TestRefusals:
    """What is not JSON, or means more than one thing."""

    @pytest.mark.parametrize("source", MALFORMED)
    def test_malformed_json_is_refused(self, source: str) -> None:
        """Each broken shape is MalformedInputError, and the sentence holds nothing of the text."""
        with pytest.raises(MalformedInputError) as caught:
            parse(source, LIMITS)
        assert caught.value.pointer is not None
        assert "x41" not in caught.value.detail

    @given(source=st.text(st.sampled_from('{}[]:,"\\ \n1e.-+truefalsnuabc\u00e9'), max_size=14))
    @settings(max_examples=400, deadline=None)
    def test_it_accepts_exactly_what_the_standard_library_accepts(self, source: str) -> None:
        """Against `json.loads`, made strict about constants and duplicate names."""

        def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
            if len(dict(items)) != len(items):
                raise ValueError
            return dict(items)

        try:
            json.loads(source, object_pairs_hook=pairs)
            accepted = True
        except ValueError:
            accepted = False
        try:
            parse(source, LIMITS)
        except FirewallError:
            assert not accepted
        else:
            assert accepted

    @pytest.mark.parametrize(
        ("source", "pointer"),
        [
            ('{"a": 1, "a": 2}', "/a"),
            ('{"a": 1, "\\u0061": 2}', "/a"),
            ('[{"x": {"b": 1, "c": 2, "b": 3}}]', "/0/x/b"),
        ],
    )
    def test_duplicate_names_are_refused_however_spelled(self, source: str, pointer: str) -> None:
        """The pointer names the second of the two."""
        with pytest.raises(MalformedInputError) as caught:
            parse(source, LIMITS)
        assert caught.value.pointer == pointer

    def test_the_same_name_in_two_objects_is_no_duplicate(self) -> None:
        """Names are counted an object."""
        assert len(parse('[{"a": {"a": 1}}, {"a": 2}]', LIMITS).leaves) == 5

    @pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "\\ude00\\ud83d", "x\\ud83dx"])
    def test_half_a_surrogate_pair_is_refused(self, half: str) -> None:
        """In a value and in a name alike."""
        for source in (f'{{"k": ["{half}"]}}', f'{{"{half}": 1}}'):
            with pytest.raises(MalformedInputError):
                parse(source, LIMITS)

    def test_bytes_must_be_plain_utf8(self) -> None:
        """Latin-1, a byte order mark and an oversize body are refused before anything is read."""
        with pytest.raises(MalformedInputError):
            decode(b'"\xe9"', LIMITS)
        with pytest.raises(MalformedInputError):
            decode(b"\xef\xbb\xbf{}", LIMITS)
        with pytest.raises(MalformedInputError):
            decode(b'"\xed\xa0\x80"', LIMITS)
        with pytest.raises(LimitExceededError):
            decode(b"[" + b" " * 100 + b"]", Limits(body_bytes=101))
        assert decode('"\u00e9"'.encode(), LIMITS) == '"\u00e9"'


class TestLimits:
    """What a document may cost."""

    def test_depth(self) -> None:
        """The limit itself passes; one level more is refused."""
        limits = Limits(depth=5)
        parse("[" * 5 + "]" * 5, limits)
        with pytest.raises(LimitExceededError) as caught:
            parse("[" * 6 + "]" * 6, limits)
        assert caught.value.pointer == "/0/0/0/0/0"

    def test_a_depth_bomb_is_refused_at_once(self) -> None:
        """A million brackets cost no more than the limit's worth of them."""
        with pytest.raises(LimitExceededError):
            parse("[" * 1_000_000, LIMITS)

    def test_nodes(self) -> None:
        """Values, names and containers count."""
        parse('{"a": [1, 2]}', Limits(nodes=5))
        with pytest.raises(LimitExceededError):
            parse('{"a": [1, 2, 3]}', Limits(nodes=5))

    def test_string_name_and_number_lengths(self) -> None:
        """Each has its limit and the pointer of the place."""
        with pytest.raises(LimitExceededError) as caught:
            parse('{"a": ["x", "' + "y" * 65 + '"]}', Limits(string_chars=64))
        assert caught.value.pointer == "/a/1"
        with pytest.raises(LimitExceededError):
            parse('{"' + "n" * 1_025 + '": 1}', LIMITS)
        with pytest.raises(LimitExceededError):
            parse("[" + "1" * 4_097 + "]", LIMITS)

    def test_cost_is_linear(self) -> None:
        """Four times the text takes less than nine times the time, also for escapes and many names."""

        def seconds(count: int) -> float:
            source = "{" + ",".join(f'"k{i}\\n": ["a\\"b", {i}]' for i in range(count)) + "}"
            best = float("inf")
            for _ in range(3):
                began = time.thread_time()
                parse(source, LIMITS)
                best = min(best, time.thread_time() - began)
            return best

        seconds(100)
        assert seconds(8_000) < 9 * seconds(2_000) + 0.02

    def test_a_broken_string_costs_no_backtracking(self) -> None:
        """A long string that never ends is refused in one pass."""
        began = time.thread_time()
        with pytest.raises(MalformedInputError):
            parse('["' + "\\u0041a" * 200_000, LIMITS)
        assert time.thread_time() - began < 2


def test_nothing_printed_shows_the_text() -> None:
    """Neither a document nor a leaf nor an error prints what it holds."""
    document = parse('{"canary-name": "canary-value"}', LIMITS)
    assert "canary" not in repr(document) + repr(document.leaves)


def test_safe_pointers_hide_names_that_could_be_data() -> None:
    """Schema-like names and small indices stay, everything else becomes a star."""
    assert safe_pointer("/requests/0/arguments/Jane Doe/123-45-6789/x") == "/requests/0/arguments/*/*/x"
    assert safe_pointer("") == ""


def test_a_place_covers_the_literal_with_its_quotes() -> None:
    """So that an edit replaces the whole literal."""
    document = parse('{"a": "b"}', LIMITS)
    assert [document.source[leaf.start : leaf.end] for leaf in document.leaves] == ['"a"', '"b"']
