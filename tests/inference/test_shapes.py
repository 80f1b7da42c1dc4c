"""Word shapes: what the model is told about case and digits."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firewall.inference.shapes import (
    CAPITALISED,
    DIGITS,
    LOWER,
    MIXED,
    OTHER,
    SHAPES,
    UPPER,
    word_bounds,
    word_shapes,
)
from firewall.inference.windows import Tokens


def pieces(*places: tuple[int, int]) -> Tokens:
    """Make tokens that stand at the given places; their ids do not matter here."""
    starts, ends = np.array(places, dtype=np.int32).reshape(-1, 2).T
    return Tokens(np.zeros(len(places), dtype=np.int32), starts.copy(), ends.copy())


def each(text: str) -> list[int]:
    """Return the shape at every code point of a text."""
    return word_shapes(text, pieces(*[(place, place + 1) for place in range(len(text))])).tolist()


def test_each_kind_of_word_has_its_shape() -> None:
    """Lower case, capitalised, upper case, mixed case, digits and punctuation are told apart."""
    text = "cell Anna MRN iPhone B12 -"
    starts = [text.index(word) for word in text.split()]
    shapes = word_shapes(text, pieces(*[(start, start + 1) for start in starts]))
    assert shapes.tolist() == [LOWER, CAPITALISED, UPPER, MIXED, DIGITS, OTHER]


def test_a_piece_takes_the_shape_of_its_whole_word() -> None:
    """Every piece of a word has the same shape, wherever it starts."""
    assert word_shapes("Halvorsen", pieces((0, 3), (3, 6), (6, 9))).tolist() == [CAPITALISED] * 3


def test_a_single_capital_is_capitalised() -> None:
    """An initial counts as a capitalised word, so that it looks like a part of a name."""
    assert each("J.") == [CAPITALISED, OTHER]


def test_other_scripts_and_marks_have_shapes() -> None:
    """Cyrillic has case, Han has none, a combining accent stays inside its word, Arabic digits are digits."""
    assert set(each("Иван")) == {CAPITALISED}
    assert set(each("王伟")) == {OTHER}
    assert set(each("Ne\u0301e")) == {CAPITALISED}
    assert set(each("٤٢")) == {DIGITS}
    assert set(each("𐐀𐐨")) == {CAPITALISED}


def test_bounds_of_words() -> None:
    """Letters and digits side by side are one word; punctuation is one character each."""
    starts, ends = word_bounds("a1, b")
    assert starts.tolist() == [0, 0, 2, 3, 4]
    assert ends.tolist() == [2, 2, 3, 4, 5]


def test_nothing_gives_nothing() -> None:
    """No text and no tokens give no shapes."""
    assert word_shapes("", pieces()).tolist() == []
    assert word_shapes("abc", pieces()).tolist() == []
    assert word_bounds("")[0].tolist() == []


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_every_text_has_shapes(text: str) -> None:
    """Any code points at all, lone surrogates too, give one shape in range and words that hold their characters."""
    shapes = each(text)
    assert len(shapes) == len(text)
    assert all(0 <= shape < SHAPES for shape in shapes)
    starts, ends = word_bounds(text)
    assert all(start <= place < end for place, (start, end) in enumerate(zip(starts, ends, strict=True)))


def test_cost_grows_linearly() -> None:
    """Twice the text takes about twice the time, also where the whole text is one word."""

    def seconds(size: int) -> float:
        text = "Ab1x" * (size // 4)
        tokens = pieces(*[(place, place + 4) for place in range(0, size, 4)])
        best = 9.0
        for _ in range(5):
            begin = time.perf_counter()
            word_shapes(text, tokens)
            best = min(best, time.perf_counter() - begin)
        return best

    seconds(1000)
    assert seconds(800_000) <= 5 * seconds(400_000)
