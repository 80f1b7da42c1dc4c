"""Editing a whole payload: only what was asked for, with types, order and unique names kept."""

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.payload.document import Limits, parse
from firewall.payload.reading import Reading, read
from firewall.redact.document import Edits, edit
from firewall.vocabulary import Direction, Operator, Redaction, Span
from tests.redact.keyrings import KEYS


def reading(source: str) -> Reading:
    """Read a JSON text as a result."""
    return read(parse(source, Limits()), Direction.OUTBOUND)


def cover(result: Reading, *words: str) -> list[Redaction]:
    """Return a redaction for each place where a word stands, in values and names."""
    return [
        Redaction(s.pointer, Span(at, at + len(word)), "US_SSN", Operator(), s.is_key)
        for s in result.segments
        for word in words
        for at in range(len(s.text))
        if s.text.startswith(word, at)
    ]


def cleaned(source: str, *words: str) -> tuple[str, Edits]:
    """Redact words out of a JSON text."""
    result = reading(source)
    edits = edit(result.segments, cover(result, *words), KEYS, result.names_of)
    return result.edited(edits.texts), edits


def test_values_are_edited_in_place() -> None:
    """Types, order, spelling and white space of everything else stay."""
    text, _ = cleaned(
        '{ "b": "is 123-45-6789",\n "a" : [1.50, 123456789, "x\\u0041"], "n": null }', "123-45-6789", "123456789"
    )
    assert text == '{ "b": "is <US_SSN>",\n "a" : [1.50, 0, "x\\u0041"], "n": null }'


def test_names_are_edited_and_stay_different() -> None:
    """Two members do not become one, also beside a member that already has that name."""
    text, edits = cleaned('{"111-11-1111": 1, "222-22-2222": {"333-33-3333": "x"}, "<US_SSN>": 2}',
                          "111-11-1111", "222-22-2222", "333-33-3333")  # fmt: skip
    assert json.loads(text) == {"<US_SSN>_2": 1, "<US_SSN>_3": {"<US_SSN>": "x"}, "<US_SSN>": 2}
    assert edits.shown("/222-22-2222/333-33-3333") == "/<US_SSN>_3/<US_SSN>"
    assert edits.shown("/111-11-1111") == "/<US_SSN>_2" and edits.shown("") == ""


def test_a_name_and_its_value_are_two_places() -> None:
    """A redaction of the one does not touch the other."""
    result = reading('{"secret": "secret"}')
    only_value = [item for item in cover(result, "secret") if not item.is_key]
    assert result.edited(edit(result.segments, only_value, KEYS, result.names_of).texts) == '{"secret": "<US_SSN>"}'


def test_shown_pointers_escape_new_names() -> None:
    """A mark with a slash in it is one token of the pointer."""
    assert Edits({}, {"/a": "x/y~z"}).shown("/a/b") == "/x~1y~0z/b"


def test_without_redactions_nothing_changes() -> None:
    """Not even white space."""
    source = ' {"a": "\\u0041" }\n'
    assert cleaned(source)[0] == source


canary = "123-45-6789"
texts = st.text(st.sampled_from('ab "\\\n\u00e9{}[]:,<>'), max_size=6)
planted = st.builds(lambda a, b: a + canary + b, texts, texts)
values: st.SearchStrategy[Any] = st.recursive(
    texts | planted | st.integers(-999, 999) | st.none() | planted.map(lambda text: json.dumps({"in": text, "n": 5})),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | planted, inner, max_size=3),
    max_leaves=10,
)


@given(value=values)
@settings(max_examples=200, deadline=None)
def test_a_planted_identifier_leaves_nothing_and_takes_nothing_along(value: Any) -> None:
    """It is gone, all else is as it was, and a second run changes nothing."""
    source = json.dumps(value, ensure_ascii=False)
    text, edits = cleaned(source, canary)
    assert canary not in text
    before, after = parse(source, Limits()), parse(text, Limits())
    assert [leaf.kind for leaf in after.leaves] == [leaf.kind for leaf in before.leaves]
    for old, new in zip(before.leaves, after.leaves, strict=True):
        if canary not in old.text:
            assert source[old.start : old.end] == text[new.start : new.end]
        elif old.kind == "string":
            assert new.text == old.text.replace(canary, "<US_SSN>")
    assert cleaned(text, canary)[0] == text
    assert canary not in repr(edits)


def test_many_renamed_objects_cost_linear_time() -> None:
    """Four times as many objects, each with a redacted name, take less than nine times the time."""

    def seconds(count: int) -> float:
        source = json.dumps([{canary: 1, "a": "x"}] * count)
        result = reading(source)
        wanted = [
            Redaction(s.pointer, Span(0, 11), "US_SSN", Operator(), True) for s in result.segments if s.text == canary
        ]
        best = float("inf")
        for _ in range(3):
            began = time.thread_time()
            edits = edit(result.segments, wanted, KEYS, result.names_of)
            best = min(best, time.thread_time() - began)
            assert len(edits.names) == count
        return best

    seconds(100)
    assert seconds(4_000) < 9 * seconds(1_000) + 0.05


def test_a_number_becomes_another_number_where_an_operator_makes_one() -> None:
    """Of as many digits, so that its type and format stay; else it becomes 0."""
    result = reading('{"mrn": 48213377, "x": 1.25}')

    def made(name: str, pointer: str, length: int) -> dict[str, float]:
        wanted = [Redaction(pointer, Span(0, length), "OTHER_ID", Operator(name))]
        cleaned: dict[str, float] = json.loads(
            result.edited(edit(result.segments, wanted, KEYS, result.names_of).texts)
        )
        return cleaned

    assert made("encrypt", "/mrn", 8) == {"mrn": 0, "x": 1.25}
    assert 10_000_000 <= made("surrogate", "/mrn", 8)["mrn"] != 48213377
    assert made("surrogate", "/x", 4)["x"] == 0
