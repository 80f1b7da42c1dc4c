"""The first stage of a model: a small graph that clears the plain windows, so that the large one need not read them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from firewall.errors import NotReadyError
from firewall.inference.scoring import CLEARED_AT_MOST, Calibration, Screening

OUTPUT = "margin"


@dataclass(frozen=True, slots=True)
class Screen:
    """A loaded screen. What it clears scores at most `CLEARED_AT_MOST`, whatever its margin was."""

    settings: Screening
    session: ort.InferenceSession = field(repr=False)
    most: float

    @classmethod
    def of(cls, settings: Screening, session: ort.InferenceSession, calibration: Calibration) -> Screen:
        """Take a graph and the calibration that its answers will go through."""
        return cls(settings, session, calibration.margin(CLEARED_AT_MOST))

    def look(self, feed: dict[str, NDArray[Any]]) -> list[float | None]:
        """Return the log-odds of each window that is cleared, None for each that the model has to read.

        Raises:
            NotReadyError: if the answer has the wrong shape or holds a value that is not finite.
        """
        margins = self.session.run([OUTPUT], feed)[0]
        if margins.shape != feed["input_ids"].shape[:1]:
            raise NotReadyError("its screen does not answer one margin a window")
        if not np.isfinite(margins).all():
            raise NotReadyError("its screen's answer holds a value that is not a finite number")
        told = self.settings
        return [
            min(told.margin_scale * margin + told.margin_bias, self.most) if margin < told.clear_below else None
            for margin in margins.tolist()
        ]


def logits_of(margin: float, classes: int, positive: int) -> NDArray[np.float32]:
    """Return logits of a sequence model whose margin for the positive class is `margin`."""
    logits = np.zeros(classes, np.float32)
    logits[positive] = margin + math.log(max(1, classes - 1))
    return logits
