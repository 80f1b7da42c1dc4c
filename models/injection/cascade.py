"""Builds the first stage: teaches it, finds the margin below which it may clear a window, and says what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from firewall.inference.scoring import CLEARED_AT_MOST
from models.injection.measure import Calibration, Floats
from models.training import backbone, export, screen
from models.training.loop import Window

GRAPH = "screen.onnx"
SAVED = "screen.pt"
# Share of the windows for which the large model has an attack in mind that the screen may clear.
LOSS = 0.004
AUC_LOSS = 0.003
DOUBT = 0.5  # calibrated probability from which on the large model has an attack in mind


@dataclass(frozen=True, slots=True)
class Stage:
    """A screen and its limit; `scale` and `bias` turn its margins into those of the large model."""

    session: InferenceSession = field(repr=False)
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
        """Return the margins that the two stages answer: the screen's where it cleared, the large model's elsewhere."""
        most = calibration.margin(CLEARED_AT_MOST)
        return np.where(looked < self.clear_below, np.minimum(self.scale * looked + self.bias, most), margins)


def empty(seed: int) -> screen.Screen:
    """Return a screen that was taught nothing."""
    torch.manual_seed(seed)
    return screen.Screen(backbone.load_encoder().embeddings.word_embeddings.weight.data)


def finished(run: Path, seed: int) -> screen.Screen | None:
    """Return the screen that an earlier run of the same recipe has taught, None where there is none."""
    if not (run / SAVED).exists():
        return None
    made = empty(seed)
    made.load_state_dict(torch.load(run / SAVED, weights_only=True))
    return made.eval()


def teach(
    windows: Sequence[Window], margins: NDArray[np.float32], run: Path, *, seed: int, threads: int
) -> screen.Screen:
    """Teach a screen what the large model thinks of the windows, and what they are.

    The goal is the mean of the large model's probability and the label, so that neither's errors are learned whole.
    """
    made = empty(seed)
    labels = np.array([float(window.target == 1) for window in windows], dtype=np.float32)
    soft = (0.5 * labels + 0.5 / (1.0 + np.exp(-margins.astype(np.float32)))).astype(np.float32)
    screen.fit(made, [window.ids for window in windows], soft, seed=seed, threads=threads)
    torch.save(made.state_dict(), run / SAVED)
    return made


def margins(session: InferenceSession, windows: Sequence[NDArray[np.int32]], batch: int = 64) -> Floats:
    """Return the screen's margins of windows with their special tokens, in order."""
    found = np.zeros(len(windows))
    order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
    for first in range(0, len(order), batch):
        part = order[first : first + batch]
        ids = np.zeros((len(part), len(windows[part[-1]])), dtype=np.int64)
        for row, index in enumerate(part):
            ids[row, : len(windows[index])] = windows[index]
        found[part] = session.run(["margin"], {"input_ids": ids, "attention_mask": (ids > 0).astype(np.int64)})[0]
    return found


def choose(path: Path, looked: Floats, large: Floats, hostile: NDArray[np.bool_], calibration: Calibration) -> Stage:
    """Return the stage whose limit clears at most `LOSS` of the windows that the large model takes for attacks.

    `looked` and `large` are the margins of both over the same windows, `hostile` tells those of attacking documents.
    """
    sure = hostile & (large >= calibration.margin(DOUBT))
    limit = float(np.quantile(looked[sure], LOSS))
    cleared = looked < limit
    scale, bias = np.polyfit(looked[cleared], large[cleared], 1) if cleared.sum() > 100 else (1.0, 0.0)
    return Stage(export.session(path), limit, max(float(scale), 0.05), float(bias))


def worth(aucs: Mapping[str, tuple[float, float]]) -> bool:
    """Tell whether a screen may be shipped: no set's AUC without it and with it may differ by more than `AUC_LOSS`."""
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
