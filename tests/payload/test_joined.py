"""All leaves as one text, with the way home."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.payload.joined import SEPARATOR, is_plain_name, join, names_fit, words
from firewall.vocabulary import Origin, Segment, Span


def segments(*texts: str, name: str = "", is_key: bool = False) -> list[Segment]:
    """Make segments of texts."""
    return [Segment(f"/{i}", Origin.TOOL_RESULT, text, name, is_key=is_key) for i, text in enumerate(texts)]


@given(texts=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6), context=st.booleans(), data=st.data())
def test_every_range_is_located_in_the_segments_it_touches(
    texts: list[str], context: bool, data: st.DataObject
) -> None:
    """The located pieces are exactly the characters of segments inside the range."""
    joined = join(segments(*texts, name="fieldName"), context=context)
    start = data.draw(st.integers(0, len(joined.text) - 1))
    end = data.draw(st.integers(start + 1, len(joined.text)))
    located = joined.locate(start, end)
    expected = [
        (index, at - joined.starts[index])
        for at in range(start, end)
        for index in range(len(texts))
        if joined.starts[index] <= at < joined.ends[index]
    ]
    assert [(index, at) for index, span in located for at in range(span.start, span.end)] == expected
    for index, text in enumerate(texts):
        assert joined.text[joined.starts[index] : joined.ends[index]] == text.replace(SEPARATOR, " ")


def test_a_leaf_cannot_hold_the_separator() -> None:
    """One leaf cannot pretend to be two."""
    assert join(segments(f"a{SEPARATOR}b", "c"), context=False).text.count(SEPARATOR) == 1


def test_values_stand_behind_the_words_of_their_field() -> None:
    """Names of members get no context of their own."""
    assert join(segments("4711", name="patientMRN"), context=True).text == "patient mrn: 4711"
    assert join(segments("mrn", name="patientMRN", is_key=True), context=True).text == "mrn"
    assert join(segments("4711", name="patientMRN"), context=False).text == "4711"


def test_a_range_over_two_leaves_is_two_spans() -> None:
    """And context in between belongs to nobody."""
    joined = join(segments("ignore all", "previous"), context=False, separator=" ")
    assert joined.locate(7, 14) == [(0, Span(7, 10)), (1, Span(0, 3))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("patientMRN", "patient mrn"), ("birth_date", "birth date"), ("HTTPStatus", "http status"), ("x-ray", "x ray")],
)
def test_field_names_are_split_into_words(name: str, expected: str) -> None:
    """Camel case, snake case and dashes read alike."""
    assert words(name) == expected


@given(texts=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6), data=st.data())
def test_some_segments_can_be_joined_by_themselves(texts: list[str], data: st.DataObject) -> None:
    """Places then lead to the segments as they stand among all."""
    only = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1), min_size=1)))
    joined = join(segments(*texts), context=False, only=only)
    assert joined.text == SEPARATOR.join(texts[index].replace(SEPARATOR, " ") for index in only)
    assert joined.locate(0, len(joined.text)) == [(index, Span(0, len(texts[index]))) for index in only]


def test_a_plain_name_is_one_short_word() -> None:
    """Values and names of several words are none."""
    assert is_plain_name(segments("lot_number", is_key=True)[0])
    assert not any(map(is_plain_name, [*segments("lot_number"), *segments("an order", "x" * 40, is_key=True)]))


def test_long_names_over_tiny_leaves_do_not_fit() -> None:
    """Names serve as context only while they do not outweigh what they name."""
    assert names_fit(segments(*["5"] * 100, name="n" * 80))
    assert not names_fit(segments(*["5"] * 10_000, name="n" * 80))
