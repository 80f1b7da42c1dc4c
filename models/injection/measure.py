"""Figures over scores and labels, and the calibration that keeps false alarms level over document length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

Floats = NDArray[np.float64]
KIND = "max-logit-rise"


@dataclass(frozen=True, slots=True)
class Calibration:
    """p = sigmoid(scale * (m - rise(n)) + bias), with m the largest margin and n the number of windows.

    `rise` is given at some n, runs in a straight line over ln n between them, and stays where it is beyond the last.
    """

    scale: float
    bias: float
    rise: tuple[tuple[float, float], ...]

    def apply(self, margins: Floats, counts: Floats) -> Floats:
        """Return the probability of each document."""
        at = np.log([n for n, _ in self.rise])
        grown = np.interp(np.log(np.maximum(counts, 1)), at, [offset for _, offset in self.rise])
        logits = self.scale * (margins - grown) + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60))), dtype=np.float64)

    def margin(self, probability: float) -> float:
        """Return the margin that has a probability in a document of one window."""
        return (math.log(probability / (1 - probability)) - self.bias) / self.scale

    def manifest(self) -> dict[str, Any]:
        """Return the entry of the manifest."""
        return {
            "kind": KIND,
            "scale": round(self.scale, 6),
            "bias": round(self.bias, 6),
            "rise": [[round(n, 1), round(offset, 4)] for n, offset in self.rise],
        }


def auc(labels: Floats, scores: Floats) -> float:
    """Return the area under the ROC curve, or NaN where only one class is there."""
    return float(roc_auc_score(labels, scores)) if 0 < labels.mean() < 1 else math.nan


def recall_at(labels: Floats, scores: Floats, rate: float) -> float:
    """Return the recall at the lowest threshold that flags at most `rate` of the negatives."""
    return float((scores[labels == 1] > cutoff(scores[labels == 0], rate)).mean())


def cutoff(negatives: Floats, rate: float) -> float:
    """Return the lowest score that at most a share `rate` of the negatives lies above."""
    order = np.sort(negatives)[::-1]
    return float(order[min(len(order) - 1, math.floor(rate * len(order)))])


def calibration_error(labels: Floats, scores: Floats, bins: int = 15) -> float:
    """Return the expected calibration error over bins of equal width."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    parts = [(place == at) for at in range(bins)]
    return float(sum(abs(labels[part].mean() - scores[part].mean()) * part.mean() for part in parts if part.any()))


def summary(labels: Floats, scores: Floats) -> dict[str, float | int]:
    """Return the figures that cards and manifests show for one set."""
    return {
        "rows": len(labels),
        "positive": int(labels.sum()),
        "auc": round(auc(labels, scores), 4),
        "recall_at_1pct_fpr": round(recall_at(labels, scores, 0.01), 4),
        "recall_at_0.1pct_fpr": round(recall_at(labels, scores, 0.001), 4),
        "ece": round(calibration_error(labels, scores), 4),
    }


def length_rise(clean: Mapping[str, Floats], sizes: Sequence[int], rate: float) -> tuple[tuple[float, float], ...]:
    """Return by how much the largest margin of clean documents grows with the number of windows: (n, growth) from n = 1.

    `clean` holds, by source, the margins of the windows of one long clean text in order. Documents of n windows are
    taken at regular starts from each source; the margin that a share `rate` of them exceeds is followed over n.
    """
    found, before, first = [], 0.0, 0.0
    for size in sizes:
        taken = list(peaks(clean, size).values())
        if not taken:
            break
        level = float(np.quantile(np.concatenate(taken), 1 - rate))
        first = level if not found else first
        before = max(before, level - first)
        found.append((float(size), before))
    return tuple(found)


def peaks(clean: Mapping[str, Floats], size: int, per_source: int = 200) -> dict[str, Floats]:
    """Return, by source, the largest margins of documents of `size` windows cut from its clean text."""
    found = {}
    for name, margins in clean.items():
        if len(margins) >= size:
            last = len(margins) - size
            starts = np.unique(np.linspace(0, last, min(per_source, last + 1)).astype(int))
            found[name] = np.array([margins[at : at + size].max() for at in starts])
    return found


def fit(labels: Floats, margins: Floats, counts: Floats, rise: tuple[tuple[float, float], ...]) -> Calibration:
    """Fit scale and bias by logistic regression on margins freed from length, both classes weighing the same."""
    grown = np.interp(np.log(np.maximum(counts, 1)), np.log([n for n, _ in rise]), [offset for _, offset in rise])
    model = LogisticRegression(class_weight="balanced", C=100.0).fit((margins - grown).reshape(-1, 1), labels)
    return Calibration(float(model.coef_[0, 0]), float(model.intercept_[0]), rise)
