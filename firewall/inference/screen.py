"""The first stage of a model: a graph that clears the plain windows, so that the large one need not read them.

It is a small model of its own, or the first layers of the large one: then it also answers `states`, from which the
large one goes on, and nothing is computed twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from firewall.errors import NotReadyError
from firewall.inference.scoring import CLEARED_AT_MOST, Calibration, Screening

States = NDArray[np.float32]
OUTPUT = "margin"
STATES = "states"


@dataclass(frozen=True, slots=True)
class Screen:
    """A loaded screen. What it clears scores at most `CLEARED_AT_MOST`, whatever its margin was."""

    settings: Screening
    session: ort.InferenceSession = field(repr=False)
    most: float
    begins: bool = False  # it is the first part of the large graph, which cannot do without it

    @classmethod
    def of(cls, settings: Screening, session: ort.InferenceSession, calibration: Calibration) -> Screen:
        """Take a graph and the calibration that its answers will go through."""
        begins = STATES in {one.name for one in session.get_outputs()}
        return cls(settings, session, calibration.margin(CLEARED_AT_MOST), begins)

    def look(self, feed: dict[str, NDArray[Any]]) -> tuple[list[float | None], States | None]:
        """Return the log-odds of each window that is cleared, None for each that the model has to read; and states.

        States are `[windows, tokens, hidden]`, None from a screen that has none.

        Raises:
            NotReadyError: if the answer has the wrong shape or holds a value that is not finite.
        """
        margins, *more = self.session.run([OUTPUT, STATES] if self.begins else [OUTPUT], feed)
        if margins.shape != feed["input_ids"].shape[:1]:
            raise NotReadyError("its screen does not answer one margin a window")
        if any(states.shape[:2] != feed["input_ids"].shape for states in more):
            raise NotReadyError("its screen does not answer the states of each token")
        if not all(np.isfinite(part).all() for part in (margins, *more)):
            raise NotReadyError("its screen's answer holds a value that is not a finite number")
        told = self.settings
        cleared = [
            min(told.margin_scale * margin + told.margin_bias, self.most) if margin < told.clear_below else None
            for margin in margins.tolist()
        ]
        return cleared, more[0] if more else None


def logits_of(margin: float, classes: int, positive: int) -> NDArray[np.float32]:
    """Return logits of a sequence model whose margin for the positive class is `margin`."""
    logits = np.zeros(classes, np.float32)
    logits[positive] = margin + math.log(max(1, classes - 1))
    return logits
