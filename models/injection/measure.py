"""Figures over scores and labels, and the calibration that keeps false alarms level over document length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

Floats = NDArray[np.float64]
KIND = "max-logit-length"


@dataclass(frozen=True, slots=True)
class Calibration:
    """p = sigmoid(scale * m + bias - per_log_window * ln n), with m the largest margin and n the number of windows."""

    scale: float
    bias: float
    per_log_window: float

    def apply(self, margins: Floats, counts: Floats) -> Floats:
        """Return the probability of each document."""
        logits = self.scale * margins + self.bias - self.per_log_window * np.log(np.maximum(counts, 1))
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60))), dtype=np.float64)

    def manifest(self) -> dict[str, float | str]:
        """Return the entry of the manifest."""
        return {"kind": KIND, **{name: round(value, 6) for name, value in asdict(self).items()}}


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


def length_slope(clean: Mapping[str, Floats], sizes: Sequence[int], rate: float) -> float:
    """Return by how much the largest margin of clean documents grows with ln(number of windows).

    `clean` holds, by source, the margins of the windows of one long clean text in order. Documents of n windows are
    taken at regular starts from each source; the margin that a share `rate` of them exceeds is followed over n.
    """
    quantiles = [float(np.quantile(np.concatenate(list(peaks(clean, size).values())), 1 - rate)) for size in sizes]
    slope = np.polyfit(np.log(np.asarray(sizes, dtype=np.float64)), np.asarray(quantiles), 1)[0]
    return max(0.0, float(slope))


def peaks(clean: Mapping[str, Floats], size: int, per_source: int = 200) -> dict[str, Floats]:
    """Return, by source, the largest margins of documents of `size` windows cut from its clean text."""
    found = {}
    for name, margins in clean.items():
        if len(margins) >= size:
            last = len(margins) - size
            starts = np.unique(np.linspace(0, last, min(per_source, last + 1)).astype(int))
            found[name] = np.array([margins[at : at + size].max() for at in starts])
    return found


def fit(labels: Floats, margins: Floats, counts: Floats, slope: float) -> Calibration:
    """Fit scale and bias by logistic regression on margins freed from length, both classes weighing the same."""
    adjusted = (margins - slope * np.log(np.maximum(counts, 1))).reshape(-1, 1)
    model = LogisticRegression(class_weight="balanced", C=100.0).fit(adjusted, labels)
    scale, bias = float(model.coef_[0, 0]), float(model.intercept_[0])
    return Calibration(scale, bias, scale * slope)
