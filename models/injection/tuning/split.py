"""Parts a user's texts into those to learn from, to settle thresholds on and to test on, and says what is shaky.

Texts that differ only in case, white space and digits, or that the file puts in one group, stay on one side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from firewall.check.labelled import Labelled, LabelledFile, contradictions, key
from firewall.errors import ConfigurationError

LEAST = 30  # rows of each label without which nothing is tuned
FEW = 200  # rows of each label below which the figures are called coarse
_LEAST_HELD = 4  # rows of each label in each half of what is held out
_WORDS = 8  # length of the runs of words that near-duplicates share
_ALIKE = 0.7  # share of a text's runs that also stand in texts learned from, from which it counts as a near-duplicate
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to learn from, to settle calibration and thresholds on, and to test on; and what to be warned of."""

    train: tuple[Labelled, ...] = field(repr=False)
    settle: tuple[Labelled, ...] = field(repr=False)
    test: tuple[Labelled, ...] = field(repr=False)
    warnings: tuple[str, ...]


def split(file: LabelledFile, *, held_out: float, seed: int) -> Split:
    """Part the rows of a file; the same file and seed always give the same parts.

    Exact duplicates are used once. About a share `held_out` of each label is held out, half of it to settle on.

    Raises:
        ConfigurationError: if there are too few rows, one label is missing, a text has both labels, or what is held
            out would be too small because the rows of a label are variants of a few texts.
    """
    file.require(each=LEAST, what="tuning")
    both = contradictions(file.rows)
    if both:
        shown = ", ".join(f"{first} and {second}" for first, second in both[:_SHOWN])
        raise ConfigurationError(
            f"{file.name}: {len(both)} pairs of lines have the same text and different labels ({shown}); keep one of each"
        )
    rows = list({(row.text, row.surface): row for row in reversed(file.rows)}.values())[::-1]
    parts: dict[str, list[Labelled]] = {"train": [], "settle": [], "test": []}
    for label in (1, 0):
        groups = [group for group in _groups(rows) if (1 if any(row.label for row in group) else 0) == label]
        wanted = held_out * sum(len(group) for group in groups)
        for group in sorted(groups, key=lambda group: _order(seed, group)):
            smaller = min(("settle", "test"), key=lambda name: sum(row.label == label for row in parts[name]))
            held = sum(1 for name in ("settle", "test") for row in parts[name] if row.label == label)
            parts[smaller if held < wanted else "train"] += group
    _check(file, parts)
    found = {name: tuple(sorted(part, key=lambda row: row.line)) for name, part in parts.items()}
    return Split(found["train"], found["settle"], found["test"], tuple(_warnings(file, rows, found)))


def near_duplicates(known: Iterable[Labelled], rows: Iterable[Labelled]) -> list[int]:
    """Return the lines of those rows most of whose runs of eight words also stand in a known row."""
    seen = {run for row in known for run in _runs(row.text)}
    found = []
    for row in rows:
        runs = _runs(row.text)
        if runs and sum(run in seen for run in runs) >= _ALIKE * len(runs):
            found.append(row.line)
    return found


def _runs(text: str) -> set[int]:
    words = text.casefold().split()
    return {hash(tuple(words[at : at + _WORDS])) for at in range(len(words) - _WORDS + 1)}


def _groups(rows: Sequence[Labelled]) -> list[list[Labelled]]:
    """Put together what shares a group or a text (but for case, white space and digits), however many steps apart."""
    home: dict[str, str] = {}

    def leader(name: str) -> str:
        while (up := home.setdefault(name, name)) != name:
            home[name] = home[up]
            name = home[name]
        return name

    for row in rows:
        home[leader(row.group)] = leader(key(row.text))
    found: dict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        found[leader(row.group)].append(row)
    return list(found.values())


def _order(seed: int, group: Sequence[Labelled]) -> str:
    return hashlib.sha256(f"{seed}:{min(key(row.text) for row in group)}".encode()).hexdigest()


def _check(file: LabelledFile, parts: dict[str, list[Labelled]]) -> None:
    for name, part in parts.items():
        bad = sum(row.label for row in part)
        if min(bad, len(part) - bad) < _LEAST_HELD:
            raise ConfigurationError(
                f"{file.name}: too many rows are variants of one another, or are in one group, to part them: {bad} with "
                f"label 1 and {len(part) - bad} with label 0 would be left to {name}. Add texts that differ, or smaller groups"
            )


def _warnings(file: LabelledFile, rows: Sequence[Labelled], parts: dict[str, tuple[Labelled, ...]]) -> Iterable[str]:
    bad = sum(row.label for row in rows)
    if min(bad, len(rows) - bad) < FEW:
        yield (
            f"only {bad} injections and {len(rows) - bad} harmless texts: figures are coarse, and the model may learn "
            f"these texts rather than their kind; {FEW} of each are a start"
        )
    if len(rows) < len(file.rows):
        yield f"{len(file.rows) - len(rows)} rows repeat another one and are used once"
    if file.unread_members:
        yield f"{file.unread_members} rows have members besides text, label, span, surface and group; they are not read"
    for name in ("test", "settle"):
        alike = near_duplicates(parts["train"], parts[name])
        if alike:
            shown = ", ".join(map(str, alike[:_SHOWN])) + (" ..." if len(alike) > _SHOWN else "")
            yield (
                f"{len(alike)} of {len(parts[name])} rows held out to {name} are nearly the same as rows learned from "
                f"(lines {shown}): figures flatter; give such rows one `group`"
            )
    unplaced = sum(row.label == 1 and row.span is None and row.surface != "user_prompt" for row in parts["train"])
    if unplaced:
        yield (
            f"{unplaced} injections to learn from have no span: of longer texts only the first window is taken for "
            "the injection in full"
        )
