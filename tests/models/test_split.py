"""A user's texts are parted so that what tests has not been learned, and what is shaky is said."""

from __future__ import annotations

import random

import pytest

from firewall.check.labelled import Labelled, LabelledFile, key
from firewall.errors import ConfigurationError
from models.injection.tuning.split import near_duplicates, split

WORDS = "pump valve door seal filter alarm chart bay audit ticket lamp noon shift vendor scale drift".split()


def text(rng: random.Random, count: int = 14) -> str:
    """Return a made-up text."""
    return " ".join(rng.choice(WORDS) for _ in range(count))


def file(*rows: Labelled, unread: int = 0) -> LabelledFile:
    """Return rows as a file that was read."""
    return LabelledFile("my.jsonl", rows, "0" * 64, unread)


def row(line: int, label: int, words: str, group: str | None = None) -> Labelled:
    """Return one row."""
    return Labelled(words, label, (0, 2) if label else None, "tool_result", line, group or key(words))


def plain(count: int = 100, seed: int = 1) -> list[Labelled]:
    """Return rows of both labels whose texts differ."""
    rng = random.Random(seed)
    return [row(at, at % 2, text(rng)) for at in range(1, 2 * count + 1)]


def test_every_row_is_in_one_part_and_both_labels_are_in_each() -> None:
    """About the share that was asked for is held out, half of it to test."""
    rows = plain()
    parts = split(file(*rows), held_out=0.3, seed=5)
    together = [one.line for part in (parts.train, parts.settle, parts.test) for one in part]
    assert sorted(together) == [one.line for one in rows]
    for label in (0, 1):
        shares = [sum(one.label == label for one in part) for part in (parts.train, parts.settle, parts.test)]
        assert shares == [70, 15, 15]


def test_the_same_seed_gives_the_same_parts() -> None:
    """Another one gives others."""
    rows = plain()
    first, again, other = (split(file(*rows), held_out=0.3, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert first.test != other.test


def test_what_belongs_together_stays_together() -> None:
    """Rows of one group, and texts that differ only in digits, are on one side, however many steps apart."""
    rng = random.Random(2)
    rows = plain()
    shared = text(rng)
    rows += [row(500 + at, 0, f"{shared} {at}", group="=a" if at % 2 else None) for at in range(6)]
    rows += [row(600 + at, 1, text(rng), group="=a") for at in range(6)]
    parts = split(file(*rows), held_out=0.3, seed=5)
    sides = {name for name in ("train", "settle", "test") for one in getattr(parts, name) if 500 <= one.line < 610}
    assert len(sides) == 1


def test_repeated_rows_are_used_once_and_counted() -> None:
    """The first of them stays."""
    rows = plain()
    parts = split(file(*rows, *(row(900 + at, 0, rows[1].text) for at in range(3))), held_out=0.3, seed=5)
    lines = {one.line for part in (parts.train, parts.settle, parts.test) for one in part}
    assert lines == {one.line for one in rows}
    assert any("3 rows repeat another one" in warning for warning in parts.warnings)


def test_near_duplicates_over_the_split_are_warned_of() -> None:
    """Their lines are named; a text that merely shares words is none."""
    rng = random.Random(3)
    known = [row(1, 1, text(rng, 30))]
    altered = row(7, 1, known[0].text + " at last")
    assert near_duplicates(known, [altered, row(8, 1, text(rng, 30)), row(9, 1, "pump")]) == [7]
    rows = plain()
    rows += [row(300 + at, 0, f"{known[0].text} {chr(97 + at) * 3}") for at in range(20)]
    assert any(
        "nearly the same as rows learned from" in one for one in split(file(*rows), held_out=0.3, seed=5).warnings
    )


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        ([row(at, 0, f"{word} {word}") for at, word in enumerate(WORDS)], "0 rows with label 1"),
        (plain(20), "20 rows with label 1 and 20 with label 0; tuning needs at least 30"),
        ([*plain(), row(777, 0, plain()[0].text)], "same text and different labels"),
        ([row(at, at % 2, f"same words {at % 2} {at}") for at in range(200)], "variants of one another"),
    ],
)
def test_texts_that_cannot_be_parted_are_refused(rows: list[Labelled], part: str) -> None:
    """One label only, too few, contradictions, or variants of one text."""
    with pytest.raises(ConfigurationError) as caught:
        split(file(*rows), held_out=0.3, seed=5)
    assert part in caught.value.detail
    assert not any(word in caught.value.detail for word in ("pump", "valve", "filter"))


def test_few_rows_missing_spans_and_unread_members_are_warned_of() -> None:
    """Each by a sentence with its number."""
    rows = [Labelled(one.text, one.label, None, one.surface, one.line, one.group) for one in plain(60)]
    warnings = " / ".join(split(file(*rows, unread=4), held_out=0.3, seed=5).warnings)
    assert "only 60 injections and 60 harmless texts" in warnings
    assert "42 injections to learn from have no span" in warnings
    assert "4 rows have members besides" in warnings
