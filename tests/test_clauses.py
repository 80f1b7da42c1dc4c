"""Where clauses end: in prose, mark-up and JSON that is text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.clauses import edges
from tests.cost import growth


def pieces(text: str) -> list[str]:
    """Return the clauses of a text, without the blanks and marks between them."""
    found = edges(text)
    return [text[begin:end] for (_, begin), (end, _) in zip(found, found[1:], strict=False) if text[begin:end].strip()]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("One here. Two there! Three", ["One here.", "Two there!", "Three"]),
        ('He said "go." Then left.', ['He said "go."', "Then left."]),
        ("Version 2.1 of it", ["Version 2.1 of it"]),
        ("a line  \r\n  another", ["a line", "another"]),
        ("spelled\\nas a break", ["spelled", "as a break"]),
        ("\u4f60\u597d\u3002\u518d\u89c1\u3002", ["\u4f60\u597d\u3002", "\u518d\u89c1\u3002"]),
        ("<p>One</p> <!-- two --> three", ["One", "two", "three"]),
        ("| cell | other |", ["cell", "other"]),
        ('{"a": "one", "b": "two"}', ['{"a', "one", "b", "two"]),
        ("", []),
    ],
)
def test_clauses(text: str, clauses: list[str]) -> None:
    """Full stops with what closes behind them, line breaks, tags, comments, cells and members part clauses."""
    assert pieces(text) == clauses


@given(st.text(st.sampled_from('ab .!?\n"<>|-\\nr{}:,\u3002'), max_size=60), st.data())
def test_edges_are_in_order(text: str, data: st.DataObject) -> None:
    """Ends and beginnings lie in the range, do not run backwards, and hold the ends of the text where it has them."""
    low = data.draw(st.integers(0, len(text)))
    high = data.draw(st.integers(low, len(text)))
    found = edges(text, low, high)
    flat = [place for pair in found for place in pair]
    assert flat == sorted(flat)
    assert all(low <= place <= high for place in flat)
    assert low > 0 or found[0] == (0, 0)
    assert high < len(text) or found[-1][0] == high


@pytest.mark.parametrize("unit", [" ", ". ", ' "', "\\n ", "<a", ".)", "\n"])
def test_cost_is_linear(unit: str) -> None:
    """Eight times the text costs at most 2.2 cubed times the processor time."""
    small, large = unit * 8_000, unit * 64_000
    assert growth(lambda: edges(small), lambda: edges(large)) <= 2.2**3
