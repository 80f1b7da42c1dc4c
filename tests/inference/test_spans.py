"""From token probabilities to places in the text."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from firewall.inference.scoring import Passages
from firewall.inference.spans import decode, merge_windows, passages, softmax
from firewall.inference.windows import Tokens

LABELS = ("O", "PERSON", "DATE_TIME")


def split(text: str, size: int = 3) -> Tokens:
    """Cut a text as WordPiece does: words in pieces of `size`, every other visible character alone."""
    places = []
    for found in re.finditer(r"[^\W_]+|[^\w\s]|_", text):
        places += [(at, min(at + size, found.end())) for at in range(found.start(), found.end(), size)]
    pairs = np.array(places, dtype=np.int32).reshape(-1, 2)
    return Tokens(np.zeros(len(pairs), dtype=np.int32), pairs[:, 0].copy(), pairs[:, 1].copy())


def rows(tokens: Tokens, text: str, said: dict[str, tuple[str, float]]) -> NDArray[np.float32]:
    """Give every token inside the quoted words that type with that probability, the others none."""
    result = np.zeros((len(tokens), len(LABELS)), dtype=np.float32)
    result[:, 0] = 1.0
    for words, (label, probability) in said.items():
        start = text.index(words)
        inside = (tokens.starts >= start) & (tokens.starts < start + len(words))
        result[inside] = 0.0
        result[inside, 0] = 1.0 - probability
        result[inside, LABELS.index(label)] = probability
    return result


def found(
    text: str, said: dict[str, tuple[str, float]], threshold: float | dict[str, float] = 0.5
) -> list[tuple[str, str]]:
    """Decode and return the covered texts with their types."""
    tokens = split(text)
    return [
        (text[start:end], kind)
        for start, end, kind, _ in decode(rows(tokens, text, said), tokens, text, LABELS, threshold)
    ]


def test_words_of_one_type_are_joined() -> None:
    """A name of several words is one entity, the blank between them included."""
    assert found("seen by Anna Berg today", {"Anna": ("PERSON", 0.9), "Berg": ("PERSON", 0.8)}) == [
        ("Anna Berg", "PERSON")
    ]


def test_types_stay_apart() -> None:
    """Neighbours of different types are two entities."""
    said = {"Berg": ("PERSON", 0.9), "May": ("DATE_TIME", 0.9)}
    assert found("Berg May", said) == [("Berg", "PERSON"), ("May", "DATE_TIME")]


def test_lines_stay_apart() -> None:
    """Names in two lines are two entities, so that redaction keeps the line break."""
    said = {"Anna": ("PERSON", 0.9), "Berg": ("PERSON", 0.9)}
    assert found("Anna\nBerg", said) == [("Anna", "PERSON"), ("Berg", "PERSON")]


def test_a_word_is_taken_whole() -> None:
    """A word is covered from end to end although one of its pieces alone would not be."""
    text = "Halvorsen came"
    said = {"Hal": ("PERSON", 0.9), "vor": ("PERSON", 0.3), "sen": ("PERSON", 0.9)}
    assert found(text, said) == [("Halvorsen", "PERSON")]


def test_punctuation_between_two_parts_belongs_to_them() -> None:
    """A date whose hyphens were missed is one entity; a comma at its end stays outside."""
    said = {"2024": ("DATE_TIME", 0.9), "03": ("DATE_TIME", 0.9), "11": ("DATE_TIME", 0.9)}
    assert found("on 2024-03-11, then", said) == [("2024-03-11", "DATE_TIME")]


def test_a_missed_word_parts_an_entity() -> None:
    """Whole words in between are not swallowed."""
    said = {"Anna": ("PERSON", 0.9), "Berg": ("PERSON", 0.9)}
    assert found("Anna and Berg", said) == [("Anna", "PERSON"), ("Berg", "PERSON")]


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0.3, 1), (0.5, 0), ({"PERSON": 0.3}, 1), ({"default": 0.3}, 1), ({}, 0)]
)
def test_threshold_decides(threshold: float | dict[str, float], expected: int) -> None:
    """A word counts where its probability reaches its type's threshold, or the default, or one half."""
    assert len(found("Anna", {"Anna": ("PERSON", 0.4)}, threshold)) == expected


def test_a_doubt_falls_to_the_type_with_the_lower_threshold() -> None:
    """Of two types that are about as likely, the one that needs less is taken."""
    text = "May"
    tokens = split(text)
    likely = np.array([[0.1, 0.4, 0.5]], dtype=np.float32)
    assert decode(likely, tokens, text, LABELS, 0.3)[0][2] == "DATE_TIME"
    assert decode(likely, tokens, text, LABELS, {"default": 0.3, "DATE_TIME": 0.6})[0][2] == "PERSON"


def test_score_is_the_probability_of_an_entity() -> None:
    """The score is one minus the probability of no entity, averaged over the words."""
    text = "Anna Berg"
    tokens = split(text)
    rows_ = rows(tokens, text, {"Anna": ("PERSON", 0.9), "Berg": ("PERSON", 0.7)})
    assert decode(rows_, tokens, text, LABELS, 0.5)[0][3] == pytest.approx(0.8)


def test_nothing_gives_nothing() -> None:
    """No tokens give no entities."""
    assert decode(np.zeros((0, 3), dtype=np.float32), split(""), "", LABELS, 0.5) == []


def test_places_are_code_points() -> None:
    """Places count code points, also after characters outside the basic plane."""
    assert found("😀😀 Anna", {"Anna": ("PERSON", 0.9)}) == [("Anna", "PERSON")]


def test_merged_windows_trust_the_middle() -> None:
    """A token at one window's edge and in the middle of another follows the middle one."""
    left = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (6, 1))
    right = np.tile(np.array([[0.0, 1.0]], dtype=np.float32), (6, 1))
    merged = merge_windows(9, [(0, 6), (3, 9)], [left, right])
    assert merged.sum(axis=1) == pytest.approx(1.0)
    assert merged[0, 0] == 1.0
    assert merged[8, 1] == 1.0
    assert merged[3, 0] > merged[3, 1]
    assert merged[5, 0] < merged[5, 1]


def test_windows_that_do_not_fit_are_refused() -> None:
    """A window with rows missing, or a token in no window, is an error."""
    one = np.ones((2, 2), dtype=np.float32)
    with pytest.raises(ValueError, match="one row"):
        merge_windows(3, [(0, 3)], [one])
    with pytest.raises(ValueError, match="lies in a window"):
        merge_windows(3, [(0, 2)], [one])


def test_softmax_is_safe() -> None:
    """Large logits give probabilities that sum to one."""
    result = softmax(np.array([[1000.0, 0.0], [-1000.0, 1000.0]], dtype=np.float32))
    assert result.tolist() == [[1.0, 0.0], [0.0, 1.0]]


@given(st.text(max_size=40), st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_entities_are_ordered_and_inside(text: str, seed: int, threshold: float) -> None:
    """Whatever the probabilities, entities are non-empty, in order, apart from each other and inside the text."""
    tokens = split(text)
    rows_ = np.random.default_rng(seed).dirichlet((1, 1, 1), len(tokens)).astype(np.float32)
    end = 0
    for start, stop, kind, score in decode(rows_.reshape(-1, 3), tokens, text, LABELS, threshold):
        assert end <= start < stop <= len(text)
        assert kind in LABELS[1:]
        assert 0.0 <= score <= 1.0
        end = stop


class TestPassages:
    """Marked tokens become passages."""

    def passages(self, text: str, marked: set[int], *windows: tuple[int, int], **settings: float) -> list[list[str]]:
        """Return the words of each passage of a text whose tokens are its words; whole windows end in a bar."""
        tokens = split(text, 99)
        ranges = windows or ((0, len(tokens)),)
        marks = [np.array([4.0 if at in marked else -4.0 for at in range(*one)], np.float32) for one in ranges]
        told = Passages(**{"bridge": 2, "least": 1, **settings})  # type: ignore[arg-type]  # numbers of either kind
        return [
            [text[tokens.starts[at] : tokens.ends[at]] for at in range(first, last)] + ["|"] * (not marked_ones)
            for first, last, marked_ones in passages(ranges, marks, tokens, text, told)
        ]

    def test_gaps_are_bridged(self) -> None:
        """Up to so many tokens between marked ones belong to the passage; more part it."""
        assert self.passages("a b c d e f g", {1, 4}) == [["b", "c", "d", "e"]]
        assert self.passages("a b c d e f g", {1, 5}) == [["b"], ["f"]]

    def test_a_line_break_is_not_crossed(self) -> None:
        """Leaves of a document stand on lines of their own."""
        assert self.passages("a b\nc d", {1, 2}) == [["b"], ["c"]]

    def test_small_groups_yield_to_larger_ones(self) -> None:
        """But the largest is never dropped."""
        assert self.passages("a b c d e f g h i", {0, 5, 6, 7}, least=2) == [["f", "g", "h"]]
        assert self.passages("a b c d e f g h i", {0, 5, 6, 7}, least=9) == [["f", "g", "h"]]
        assert self.passages("a b c", {1}, least=9) == [["b"]]

    def test_a_window_without_marks_is_the_passage(self) -> None:
        """Each such window whole, beside the passages of its neighbours."""
        assert self.passages("a b c", set()) == [["a", "b", "c", "|"]]
        assert self.passages("a b c d e f", {0}, (0, 3), (2, 6)) == [["a"], ["c", "d", "e", "f", "|"]]
        assert self.passages("a b c d e f", {2}, (0, 3), (2, 6)) == [["c"]]

    def test_windows_of_the_middle_of_a_text(self) -> None:
        """The first window need not begin with the text."""
        assert self.passages("a b c d e f", {3}, (2, 5), (3, 6)) == [["d"]]

    @given(st.sets(st.integers(0, 29)), st.integers(0, 5), st.integers(1, 5))
    def test_every_large_group_is_covered(self, marked: set[int], bridge: int, least: int) -> None:
        """Passages are in order and apart, begin and end with marked tokens, and together miss only small groups."""
        text = " ".join(["w"] * 30)
        tokens = split(text)
        marks = np.array([4.0 if at in marked else -4.0 for at in range(30)], np.float32)
        found = passages([(0, 30)], [marks], tokens, text, Passages(0.5, bridge, least))
        if not marked:
            assert found == [(0, 30, False)]
            return
        assert all(first in marked and last - 1 in marked and flag for first, last, flag in found)
        assert all(one[1] + bridge < other[0] for one, other in zip(found, found[1:], strict=False))
        missed = marked - {at for first, last, _ in found for at in range(first, last)}
        assert least > 1 or not missed
        assert found
