"""How sure the model must be before a word is an entity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from firewall.inference.spans import DEFAULT
from models.entities.evaluate import Predicted, summary, tally
from models.entities.labels import NOT_IDENTIFYING

GRID: Final = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
FALSE_LIMIT: Final = 0.015
"""Share of the clean characters of the held-out split that may be covered."""
CLEAN_LIMIT: Final = 0.0035
"""The same for texts without any person: abstracts, look-alikes, documentation, source code."""
QUIET_FACTOR: Final = 3.0
"""A doubt between a person's place and a country, an organisation or the like falls to the place: see `decode`."""


def at(threshold: float) -> dict[str, float]:
    """Return the thresholds of all types for one threshold of the identifying ones."""
    quiet = round(min(0.9, threshold * QUIET_FACTOR), 4)
    return {DEFAULT: threshold} | dict.fromkeys(sorted(NOT_IDENTIFYING), quiet)


def choose(
    split: Sequence[Predicted], clean: Sequence[Predicted], by_hand: Sequence[Predicted]
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Return the lowest thresholds of the grid that keep both limits, and the figures of the whole grid.

    A miss is worse than a false redaction, so within the limits the lowest is the best. Where none keeps the limits,
    the highest is returned.
    """
    sweep: list[dict[str, Any]] = []
    for threshold in GRID:
        figures: dict[str, Any] = {"threshold": threshold, **summary(tally(split, at(threshold)))}
        figures["false_redaction_clean"] = round(tally(clean, at(threshold)).false_share, 5)
        figures["handwritten"] = summary(tally(by_hand, at(threshold)))
        sweep.append(figures)
    fitting = [
        row["threshold"]
        for row in sweep
        if row["false_redaction"] <= FALSE_LIMIT and row["false_redaction_clean"] <= CLEAN_LIMIT
    ]
    return at(min(fitting) if fitting else GRID[-1]), sweep
