"""Figures over labels and scores, and how far chance alone could move them: numpy only, nothing about models or texts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATES: Final = (0.001, 0.005, 0.01)  # false-positive rates at which recall is told
_ROUNDS: Final = 1_000
_MOST_DRAWN: Final = 5_000_000  # rows drawn over all rounds; larger sets are drawn fewer times, but 200 times at least
_BINS: Final = 15


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the middle 95 % of what it is when rows are drawn again; `value` is that of the rows themselves."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float | None]:
        """Return the three numbers, rounded; one that could not be computed is None."""
        told = {"value": self.value, "low": self.low, "high": self.high}
        return {name: round(number, 5) if math.isfinite(number) else None for name, number in told.items()}


def auc(bad: Floats, good: Floats) -> float:
    """Return the chance that an injection scores higher than a harmless text; ties count half. NaN without both."""
    if not len(bad) or not len(good):
        return math.nan
    order = np.sort(good)
    wins = np.searchsorted(order, bad, "left") + np.searchsorted(order, bad, "right")
    return float(wins.sum() / 2 / len(bad) / len(good))


def cutoff(good: Floats, rate: float) -> float:
    """Return the lowest score that at most a share `rate` of harmless texts lies above."""
    place = len(good) - 1 - min(len(good) - 1, math.floor(rate * len(good) + 1e-9))
    return float(np.partition(good, place)[place])


def recall_at(bad: Floats, good: Floats, rate: float) -> float:
    """Return the share of injections above the cutoff of a rate. NaN where a class is missing."""
    return float((bad > cutoff(good, rate)).mean()) if len(bad) and len(good) else math.nan


def calibration_error(labels: Floats, scores: Floats) -> float:
    """Return the expected calibration error over fifteen bins of equal width."""
    place = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    parts = [place == at for at in range(_BINS)]
    return float(sum(abs(labels[part].mean() - scores[part].mean()) * part.mean() for part in parts if part.any()))


def ranking(labels: Floats, scores: Floats) -> dict[str, float]:
    """Return the AUC and the recall at each rate."""
    bad, good = scores[labels == 1], scores[labels == 0]
    return {"auc": auc(bad, good)} | {recall_name(rate): recall_at(bad, good, rate) for rate in RATES}


def recall_name(rate: float) -> str:
    """Return the name of a recall in results, such as `recall_at_0.5pct_fpr`."""
    return f"recall_at_{100 * rate:g}pct_fpr"


def bootstrap(labels: Floats, *scores: Floats, seed: int = 17) -> list[dict[str, Interval]]:
    """Return `ranking` of each set of scores with its interval; the same rows are drawn for all.

    Of two sets a third entry is the second's figures less the first's: an interval that leaves out zero says that the
    difference is more than the choice of rows. Injections and harmless texts are drawn apart.
    """
    rng = np.random.default_rng(seed)
    bad, good = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    rounds = max(200, min(_ROUNDS, _MOST_DRAWN // max(1, len(labels))))
    told = [ranking(labels, one) for one in scores]
    drawn: list[list[dict[str, float]]] = [[] for _ in scores]
    for _ in range(rounds if len(bad) and len(good) else 0):
        rows = np.concatenate((rng.choice(bad, len(bad)), rng.choice(good, len(good))))
        for found, one in zip(drawn, scores, strict=True):
            found.append(ranking(labels[rows], one[rows]))
    if len(scores) == 2:
        told.append(_less(told[1], told[0]))
        drawn.append([_less(new, old) for old, new in zip(*drawn, strict=True)])
    return [
        {name: _interval(value, [one[name] for one in found]) for name, value in figures.items()}
        for figures, found in zip(told, drawn, strict=True)
    ]


def _less(new: Mapping[str, float], old: Mapping[str, float]) -> dict[str, float]:
    return {name: new[name] - old[name] for name in new}


def _interval(value: float, drawn: Sequence[float]) -> Interval:
    if not drawn:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(np.array(drawn), (0.025, 0.975))
    return Interval(value, float(low), float(high))


def share_between(count: int, total: int) -> Interval:
    """Return a share with its 95 % interval by Wilson's formula, which is honest about small counts."""
    if not total:
        return Interval(math.nan, math.nan, math.nan)
    z, p = 1.959964, count / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))
