"""Editing one text: nothing covered is left, everything else is, and nested JSON stays JSON."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.redact.redact import placeholders, redact, unique_names
from firewall.vocabulary import Operator, Origin, Redaction, Segment, Span
from tests.redact.keyrings import KEYS, keys_of

# Covered and uncovered characters come from alphabets that do not meet, and neither meets the marks.
SHOWN, HIDDEN = "abc \u00e9\u4e2d\U0001f600\n", "789\u0436\U0001f601"


def segment(text: str) -> Segment:
    """Make a segment of a text."""
    return Segment("/a", Origin.TOOL_RESULT, text)


def cover(start: int, end: int, name: str = "replace", entity_type: str = "KIND", **params: object) -> Redaction:
    """Make a redaction."""
    return Redaction("/a", Span(start, end), entity_type, Operator(name, params))


def edited(text: str, *redactions: Redaction) -> str:
    """Apply redactions to a text."""
    return redact(segment(text), redactions, KEYS)


pieces = st.lists(
    st.tuples(st.text(st.sampled_from(SHOWN), max_size=5), st.text(st.sampled_from(HIDDEN), max_size=5)), max_size=5
)
operators = st.sampled_from(["replace", "redact", "mask", "hash"])


@given(parts=pieces, tail=st.text(st.sampled_from(SHOWN), max_size=5), name=operators, data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_covered_character_is_left_and_every_other_one_is(
    parts: list[tuple[str, str]], tail: str, name: str, data: st.DataObject
) -> None:
    """Whatever way the spans overlap, split or repeat over the hidden characters, in any order."""
    text, wanted = "", []
    for shown, hidden in parts:
        text += shown
        start, end = len(text), len(text) + len(hidden)
        text += hidden
        if hidden:
            cuts = sorted({start, end, *data.draw(st.lists(st.integers(start, end), max_size=3))})
            wanted += [cover(low, high, name) for low, high in zip(cuts, cuts[1:], strict=False)]
            low = data.draw(st.integers(start, end - 1))
            wanted.append(cover(low, data.draw(st.integers(low + 1, end)), name, "OTHER"))
    text += tail
    result = edited(text, *data.draw(st.permutations(wanted)))
    if name != "hash":  # a hash is made of digits, among others
        assert not set(HIDDEN) & set(result)
    kept = [char for char in result if char in set(SHOWN) - set("abc")]
    assert kept == [char for char in text if char in set(SHOWN) - set("abc")]
    assert name != "redact" or result == "".join(char for char in text if char not in HIDDEN)
    assert name != "mask" or result == "".join("*" if char in HIDDEN else char for char in text)


@given(parts=pieces, data=st.data())
@settings(max_examples=100, deadline=None)
def test_order_means_nothing(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    """The same redactions in another order give the same text, also with different operators on one place."""
    text = "".join(shown + hidden for shown, hidden in parts)
    if not text:
        return
    starts = data.draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=5))
    wanted = [
        cover(
            start, data.draw(st.integers(start + 1, len(text))), data.draw(operators), data.draw(st.sampled_from("ABC"))
        )
        for start in starts
    ]
    assert edited(text, *data.draw(st.permutations(wanted))) == edited(text, *wanted)


class TestMerging:
    """Spans that overlap."""

    def test_overlapping_spans_become_one_mark(self) -> None:
        """Named by the longest of them."""
        text = "call 555-0100 x99 now"
        assert edited(text, cover(5, 13, entity_type="PHONE_NUMBER"), cover(9, 17, entity_type="OTHER_ID")) in (
            "call <PHONE_NUMBER> now",
            "call <OTHER_ID> now",
        )
        assert edited(text, cover(5, 17, entity_type="PHONE_NUMBER"), cover(9, 13, entity_type="OTHER_ID")) == (
            "call <PHONE_NUMBER> now"
        )

    def test_neighbours_stay_two_marks(self) -> None:
        """Touching is not overlapping."""
        assert edited("abcd", cover(0, 2, entity_type="ONE"), cover(2, 4, entity_type="TWO")) == "<ONE><TWO>"

    def test_keep_yields_to_every_edit(self) -> None:
        """It saves nothing that another redaction covers, and edits nothing itself."""
        assert edited("abcd", cover(0, 4, "keep"), cover(1, 2)) == "a<KIND>cd"
        assert edited("abcd", cover(0, 4, "keep")) == "abcd"


class TestNestedJson:
    """A JSON text inside a string."""

    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=8,
        ).filter(lambda value: isinstance(value, dict | list)),
        name=operators,
        ascii_only=st.booleans(),
        data=st.data(),
    )
    @settings(max_examples=150, deadline=None)
    def test_it_stays_json_of_the_same_shape(
        self, value: Any, name: str, ascii_only: bool, data: st.DataObject
    ) -> None:
        """Whatever is covered, also half an escape or a bracket."""
        text = json.dumps(value, ensure_ascii=ascii_only)
        start = data.draw(st.integers(0, len(text) - 1))
        result = edited(text, cover(start, data.draw(st.integers(start + 1, len(text))), name))
        after = json.loads(result, object_pairs_hook=list)
        assert shape(after) == shape(json.loads(text, object_pairs_hook=list))
        result.encode()

    def test_numbers_become_zero_and_strings_are_marked(self) -> None:
        """A span over everything edits each literal by itself."""
        text = '{"id": 123456789, "who": "Jo \\"J\\" Doe", "ok": true}'
        assert edited(text, cover(0, len(text))) == '{"<KIND>": 0, "<KIND>": "<KIND>", "<KIND>": true}'

    def test_an_operator_sees_the_value_and_its_result_is_escaped(self) -> None:
        """Not the spelling; and a new value with quotes does not break out of its string."""
        text = '["caf\\u00e9 au lait"]'
        assert edited(text, cover(2, 11, "mask")) == '["**** au lait"]'
        assert json.loads(edited(text, cover(2, 11, new_value='"]\\'))) == ['"]\\ au lait']
        plain = edited("caf\u00e9", cover(0, 4, "hash"))
        assert edited(text, cover(2, 11, "hash")) == f'["{plain} au lait"]'

    def test_a_surrogate_pair_is_edited_whole(self) -> None:
        """Half of it would be no text any more."""
        text = '["x\\ud83d\\ude00y"]'
        for start, end in ((3, 9), (9, 15), (5, 6), (3, 15)):
            assert edited(text, cover(start, end)) == '["x<KIND>y"]'

    @pytest.mark.parametrize("text", ["[see note 4711]", "{name} 4711", "[4711", "[4711-22]", '{"a": 4711,}'])
    def test_what_is_no_json_is_edited_as_text(self, text: str) -> None:
        """A bracket in front does not make a text JSON."""
        start = text.index("4711")
        assert edited(text, cover(start, start + 4)) == text.replace("4711", "<KIND>")


def shape(value: Any) -> Any:
    """Return the types of a value whose objects were read as lists of pairs."""
    if isinstance(value, list):
        return [shape(item) for item in value]
    return (
        "pair"
        if isinstance(value, tuple) and not value
        else (tuple(shape(item) for item in value) if isinstance(value, tuple) else type(value).__name__)
    )


class TestNames:
    """Member names that become equal."""

    def test_equal_names_are_told_apart(self) -> None:
        """From one another and from those that were there."""
        assert unique_names(["<A>", "<A>", "<B>", "<A>"], {"<A>", "<A>_3", "x"}) == ["<A>_2", "<A>_4", "<B>", "<A>_5"]

    def test_many_equal_names_cost_linear_time(self) -> None:
        """An object of twenty thousand identifiers is no bomb."""
        began = time.thread_time()
        assert len(set(unique_names(["<US_SSN>"] * 20_000, set()))) == 20_000
        assert time.thread_time() - began < 2


def test_marks_of_an_earlier_redaction_are_found() -> None:
    """Those of known entity types only."""
    assert placeholders("<PERSON> wrote <b>to</b> <NOBODY> and <US_SSN>", frozenset({"PERSON", "US_SSN"}), KEYS) == [
        Span(0, 8),
        Span(38, 46),
    ]
    assert placeholders("no marks", frozenset({"PERSON"}), KEYS) == []


def test_tokens_are_marks_where_they_are_the_callers_own() -> None:
    """One that is made up, or of another session, is looked at like any text."""
    tokens = [edited("Jane", cover(0, 4, name)) for name in ("encrypt", "vault")]
    other = redact(segment("Jane"), [cover(0, 4, "encrypt")], keys_of(session="s-2"))
    text = f"by {tokens[0]}x{tokens[1]}, {other}, FW1-PERSON-s15-SSN-536-22-1874"
    assert [text[mark.start : mark.end] for mark in placeholders(text, frozenset(), KEYS)] == tokens


def test_a_number_stays_one_under_operators_that_make_one() -> None:
    """In a JSON text inside a string a number becomes another one of as many digits, or 0."""
    text = '{"mrn": 48213377, "seen": 20240305}'
    result = json.loads(edited(text, cover(8, 16, "surrogate"), cover(26, 34, "shift_date", "DATE_TIME")))
    assert 10_000_000 <= result["mrn"] != 48213377 and 20190101 < result["seen"] < 20240305
    assert json.loads(edited(text, cover(8, 16, "encrypt")))["mrn"] == 0


@pytest.mark.parametrize("wrap", ["{}", '["{}"]'])
def test_cost_is_linear(wrap: str) -> None:
    """Four times the text with four times the edits takes less than nine times the time."""

    def seconds(count: int) -> float:
        text = wrap.format("Jane Doe saw 4711. " * count)
        first = text.index("J")
        wanted = [cover(first + 19 * index, first + 19 * index + 8) for index in range(count)]
        best = float("inf")
        for _ in range(2):
            began = time.thread_time()
            edited(text, *wanted)
            best = min(best, time.thread_time() - began)
        return best

    seconds(100)
    assert seconds(8_000) < 9 * seconds(2_000) + 0.02
