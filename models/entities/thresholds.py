"""How sure the model must be before a word is an entity, type by type.

A word's type does not depend on the threshold, so what each type finds and what it covers by mistake can be counted
alone, and the best threshold of each type follows from one price: how many found characters a false one costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firewall.inference.spans import DEFAULT, whole_words
from models.entities.evaluate import Predicted
from models.entities.labels import ENTITY_TYPE, LABELS, NOT_IDENTIFYING, OUTSIDE

GRID: Final = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
PRICES: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
FALSE_LIMIT: Final = 0.015
"""Share of the clean characters of the held-out split that may be covered."""
CLEAN_LIMIT: Final = 0.0025
"""The same for texts that hold no person at all; kept a sixth below what the model is held to."""
_ENOUGH: Final = 300
_NEVER: Final = 2.0
_QUIET: Final = NOT_IDENTIFYING | {OUTSIDE}


@dataclass(frozen=True, slots=True)
class Counts:
    """Every word of some documents: its type, its score, and how many letters and digits of it count for what."""

    types: NDArray[np.intp] = field(repr=False)
    scores: NDArray[np.float32] = field(repr=False)
    right: NDArray[np.int64] = field(repr=False)
    wrong: NDArray[np.int64] = field(repr=False)
    clean: int

    def false_share(self, limits: NDArray[np.float64]) -> float:
        """Return the share of clean characters covered where each type has its own limit."""
        return float(self.wrong[self.scores >= limits[self.types]].sum()) / max(1, self.clean)


def choose(
    split: Sequence[Predicted], clean: Sequence[Predicted], more: Sequence[Predicted]
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Return the thresholds at the lowest price that keeps both limits, and what every price tried would give.

    `split` are the held-out documents, `clean` those of them without any person; `more` only take part in the counts
    of what is found and what is false. Types that are seen too seldom take the threshold that is best for all.
    """
    everything, judged, empty = count([*split, *more]), count(split), count(clean)
    sweep: list[dict[str, Any]] = []
    chosen: dict[str, float] = {}
    for price in PRICES:
        chosen = _at_price(everything, price)
        limits = np.array([_NEVER if label in _QUIET else chosen.get(label, chosen[DEFAULT]) for label in LABELS])
        false, false_clean = judged.false_share(limits), empty.false_share(limits)
        sweep.append(
            {"price": price, "false_redaction": round(false, 5), "clean": round(false_clean, 5), "thresholds": chosen}
        )
        if false <= FALSE_LIMIT and false_clean <= CLEAN_LIMIT:
            break
    return chosen, sweep


def count(documents: Sequence[Predicted]) -> Counts:
    """Count the words of some documents."""
    parts: list[tuple[NDArray[Any], ...]] = []
    clean_total = 0
    for predicted in documents:
        example, tokens = predicted.document.example, predicted.document.tokens
        if not len(tokens):
            continue
        counts = np.fromiter(map(str.isalnum, example.text), dtype=bool, count=len(example.text))
        clean, right = counts.copy(), np.zeros(len(counts), dtype=bool)
        for start, end in example.ignored:
            clean[start:end] = False
        for start, end, label in example.entities:
            clean[start:end] = False
            right[start:end] = counts[start:end] & (ENTITY_TYPE[label] not in NOT_IDENTIFYING)
        words = whole_words(predicted.probabilities, tokens, example.text, 0)
        sums = [np.concatenate(([0], np.cumsum(mask))) for mask in (right, clean)]
        each = [total[words.ends] - total[words.starts] for total in sums]
        parts.append((words.types, words.scores, *each))
        clean_total += int(clean.sum())
    types, scores, right_all, wrong_all = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Counts(types, scores, right_all, wrong_all, clean_total)


def _at_price(counts: Counts, price: float) -> dict[str, float]:
    def best(chosen: NDArray[np.bool_]) -> float:
        scores = counts.scores[chosen]
        worth = counts.right[chosen] - price * counts.wrong[chosen]
        values = [float(worth[scores >= threshold].sum()) for threshold in GRID]
        return GRID[values.index(max(values))]

    redacted = ~np.isin(counts.types, [LABELS.index(label) for label in _QUIET])
    thresholds = {DEFAULT: best(redacted)}
    for place, label in enumerate(LABELS):
        here = counts.types == place
        if label not in _QUIET and counts.right[here].sum() >= _ENOUGH:
            thresholds[label] = best(here)
    return thresholds
