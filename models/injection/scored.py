"""Rows with what the early guess and the whole model say of each of their windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from firewall.inference.windows import cut, tokenize
from models.injection import cascade, compose
from models.injection.measure import Calibration, Floats, auc
from models.injection.sources import Row
from models.training import backbone, export

LOWEST = -20.0


@dataclass(frozen=True, slots=True)
class Scored:
    """A set of rows. `windows` are the whole model's margins by row, `looked` the early guesses, in the same form."""

    rows: Sequence[Row] = field(repr=False)
    windows: Sequence[Floats] = field(repr=False)
    looked: Sequence[Floats] = field(repr=False)

    @property
    def labels(self) -> Floats:
        """The labels as numbers."""
        return np.array([float(row.label) for row in self.rows])

    @property
    def margins(self) -> Floats:
        """The largest margin of each row."""
        return np.array([part.max(initial=LOWEST) for part in self.windows])

    @property
    def counts(self) -> Floats:
        """The number of windows of each row."""
        return np.array([float(len(part)) for part in self.windows])

    @property
    def auc(self) -> float:
        """The area under the ROC curve of the largest margins."""
        return auc(self.labels, self.margins)

    def through(self, stage: cascade.Stage, calibration: Calibration) -> Scored:
        """Return the set as it is answered where the early guess clears."""
        both = [
            stage.through(looked, margins, calibration)
            for looked, margins in zip(self.looked, self.windows, strict=True)
        ]
        return replace(self, windows=both)

    def flat(self) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Return the early guesses, the whole model's margins, and whether the row is an attack, of all windows."""
        hostile = np.repeat(self.labels == 1, self.counts.astype(int))
        return np.concatenate(list(self.looked)), np.concatenate(list(self.windows)), hostile

    def where(self, chosen: NDArray[np.bool_]) -> Scored:
        """Return some of the rows."""
        places = np.flatnonzero(chosen)
        return Scored(
            [self.rows[at] for at in places], [self.windows[at] for at in places], [self.looked[at] for at in places]
        )


@dataclass(frozen=True, slots=True)
class Graphs:
    """An exported model: one graph, or its first part and the one that goes on from there."""

    last: InferenceSession
    first: InferenceSession | None = None


def score(model: Graphs, rows: Sequence[Row]) -> Scored:
    """Run a model over all windows of each row; where it is one graph the early guesses are zero."""
    tokens = tokenize(backbone.load_tokenizer(), [row.text for row in rows])
    cuts = [cut(len(part), compose.CONTENT, compose.OVERLAP) for part in tokens]
    windows = [compose.special(part.ids[a:b]) for part, spans in zip(tokens, cuts, strict=True) for a, b in spans]
    if model.first is None:
        logits, looked = export.run(model.last, windows), np.zeros(len(windows))
    else:
        logits, looked = export.run_parts(model.first, model.last, windows)
    large = np.array([float(row[1] - row[0]) for row in logits])
    ends = np.cumsum([len(spans) for spans in cuts])[:-1]
    return Scored(rows, np.split(large, ends), np.split(looked, ends))


def running(part: Scored, files: set[str]) -> dict[str, Floats]:
    """Return, by file of running text, the margins of all windows of its clean rows in order."""
    found: dict[str, list[Floats]] = defaultdict(list)
    for row, margins in zip(part.rows, part.windows, strict=True):
        if row.label == 0 and row.file in files:
            found[row.file].append(margins)
    return {name: np.concatenate(margins) for name, margins in found.items()}
