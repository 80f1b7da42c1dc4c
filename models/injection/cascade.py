"""The early guess: finds the margin below which it may clear a window, and says what that saves and costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firewall.inference.scoring import CLEARED_AT_MOST
from models.injection.measure import Calibration, Floats

GRAPH = "early.onnx"
# Share of the windows for which the whole model has an attack in mind that the early guess may clear.
LOSS = 0.002
AUC_LOSS = 0.003
DOUBT = 0.3  # calibrated probability from which on the whole model has an attack in mind


@dataclass(frozen=True, slots=True)
class Stage:
    """A limit for early guesses; `scale` and `bias` turn these into margins of the whole model."""

    clear_below: float
    scale: float
    bias: float

    def manifest(self) -> dict[str, float | str]:
        """Return the entry of the manifest."""
        return {
            "graph": GRAPH,
            "clear_below": round(self.clear_below, 4),
            "margin_scale": round(self.scale, 6),
            "margin_bias": round(self.bias, 6),
        }

    def through(self, looked: Floats, margins: Floats, calibration: Calibration) -> Floats:
        """Return the margins that are answered: the early guess where it cleared, the whole model's elsewhere."""
        most = calibration.margin(CLEARED_AT_MOST)
        return np.where(looked < self.clear_below, np.minimum(self.scale * looked + self.bias, most), margins)


def choose(looked: Floats, whole: Floats, hostile: NDArray[np.bool_], calibration: Calibration) -> Stage:
    """Return the stage whose limit clears at most `LOSS` of the windows that the whole model takes for attacks.

    `looked` are the early guesses and `whole` the margins of the same windows, `hostile` tells those of attacking
    documents.
    """
    sure = hostile & (whole >= calibration.margin(DOUBT))
    limit = float(np.quantile(looked[sure], LOSS))
    cleared = looked < limit
    scale, bias = np.polyfit(looked[cleared], whole[cleared], 1) if cleared.sum() > 100 else (1.0, 0.0)
    return Stage(limit, max(float(scale), 0.05), float(bias))


def worth(aucs: Mapping[str, tuple[float, float]]) -> bool:
    """Tell whether clearing may be shipped: no set's AUC without it and with it may differ by more than `AUC_LOSS`."""
    return all(without - with_ <= AUC_LOSS for without, with_ in aucs.values())


def figures(stage: Stage, sets: dict[str, tuple[Floats, Floats, NDArray[np.bool_]]]) -> dict[str, Any]:
    """Return, by set, the share of clean windows cleared and of attacks' windows cleared."""
    found = {}
    for name, (looked, _, hostile) in sets.items():
        cleared = looked < stage.clear_below
        found[name] = {
            "windows": len(looked),
            "clean_cleared": round(float(cleared[~hostile].mean()), 4) if (~hostile).any() else None,
            "hostile_cleared": round(float(cleared[hostile].mean()), 4) if hostile.any() else None,
        }
    return found
