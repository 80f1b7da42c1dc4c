"""A text with its words, and views of parts of it that know the way home."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.payload.wording import REACH, Wording, finder, found, passages, patched, pieces, words_of


def test_words_are_lower_case_runs_of_letters() -> None:
    """Digits and marks part words, in every script."""
    assert Wording("Lot-7 isn't OK").words == ["lot", "isn", "t", "ok"]
    assert Wording("Прошу, 42 élèves").words == ["прошу", "élèves"]
    assert [text for text, _, _ in Wording("a Bc1d").places()] == words_of("a Bc1d") == ["a", "bc", "d"]


def test_neighbours_are_two_or_three_words_run_together() -> None:
    """That is where a broken word shows."""
    assert Wording("ig no re").neighbours == {"igno", "nore", "ignore"}


def test_orders_are_found_as_whole_words() -> None:
    """A longer word that begins like one is another word; an underscore is no letter."""
    assert [word for word, _, _ in Wording("Ignored; IGNORE_previous promptly").orders] == ["ignore", "previous"]


@given(text=st.text(max_size=60), data=st.data())
@settings(deadline=None)
def test_pieces_cover_a_text(text: str, data: st.DataObject) -> None:
    """They follow one another without a gap, whatever the text."""
    ends = [0]
    for start, end in pieces(text):
        assert start == ends[-1] < end
        ends.append(end)
    assert ends[-1] == len(text)


@given(text=st.text(min_size=1, max_size=60), data=st.data())
@settings(deadline=None)
def test_patched_text_comes_home(text: str, data: st.DataObject) -> None:
    """A view says what the edits say, and every range of it leads to a range inside the part that it shows."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    cuts = sorted(data.draw(st.lists(st.integers(start, end), max_size=6, unique=True)))
    edits = [(first, last, data.draw(st.text(max_size=4))) for first, last in zip(cuts[::2], cuts[1::2], strict=False)]
    view = patched("any", text, start, end, edits)
    expected, at = "", start
    for first, last, new in edits:
        expected += text[at:first] + new
        at = last
    assert view.text == expected + text[at:end]
    last_place = (start, start)
    for index in range(len(view.text)):
        place = view.to_source(index, index + 1)
        assert start <= place[0] < place[1] <= end
        assert last_place[0] <= place[0]
        assert last_place[1] <= place[1]
        last_place = place


def test_unchanged_parts_map_by_character() -> None:
    """What was not edited is reported exactly where it stands."""
    view = patched("any", "one tw**o three", 0, 15, [(6, 8, "")])
    assert view.text == "one two three"
    assert view.to_source(0, 3) == (0, 3)
    assert view.to_source(4, 7) == (4, 9)
    assert view.to_source(8, 13) == (10, 15)


def test_edits_far_apart_are_passages_of_their_own() -> None:
    """Each shows its surroundings up to a blank within reach; near ones share a passage."""
    text = "word " * 300
    shown = list(passages(text, [(500, 504, "x"), (520, 524, "y"), (1200, 1204, "z")]))
    assert [len(group) for _, _, group in shown] == [2, 1]
    (start, end, _), _ = shown
    assert 500 - REACH <= start < 500 < 524 < end <= 524 + REACH
    assert text[start : start + 4] == "word"


def test_a_finder_prefers_the_longer_word() -> None:
    """And reports it in lower case with its place."""
    assert list(found(finder(["rule", "rules"]), "No RULES, no ruler, one rule.")) == [
        ("rules", 3, 8),
        ("rule", 24, 28),
    ]
