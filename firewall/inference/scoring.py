"""How a model's raw answers are to be read, as its manifest says: calibration, passages, and what the screen may clear."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from firewall.errors import ConfigurationError

# The highest calibrated probability that a window may have which only the screen has seen.
CLEARED_AT_MOST: Final = 0.05


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns the highest margin of `n` windows into a probability whose false-positive rate does not grow with n.

    `sigmoid(scale * (margin - rise(n)) + bias)`, where rise(n) is by how much the highest margin of clean texts grows
    with n: given at some n, in a straight line over ln n between them, level beyond the last. The identity calibration
    is a plain sigmoid.
    """

    scale: float = 1.0
    bias: float = 0.0
    rise: tuple[tuple[float, float], ...] = ((1.0, 0.0),)

    def probability(self, margin: float, windows: int) -> float:
        """Return the calibrated probability in [0, 1] for a margin seen in a text of `windows` windows."""
        logit = self.scale * (margin - self._risen(windows)) + self.bias
        return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))

    def margin(self, probability: float) -> float:
        """Return the margin that has a probability, strictly between 0 and 1, in a text of one window."""
        return (math.log(probability / (1 - probability)) - self.bias) / self.scale

    def _risen(self, windows: int) -> float:
        at = bisect_right(self.rise, (float(max(1, windows)), math.inf))
        low, grown = self.rise[at - 1]
        if at == len(self.rise):
            return grown
        high, next_ = self.rise[at]
        return grown + (next_ - grown) * math.log(max(1, windows) / low) / math.log(high / low)


@dataclass(frozen=True, slots=True)
class Passages:
    """How marks become passages.

    A token is marked from a probability of `threshold` on. Marked tokens with at most `bridge` others between them are
    one passage; one of fewer than `least` marked tokens is dropped where there is a longer one.
    """

    threshold: float = 0.5
    bridge: int = 8
    least: int = 5


@dataclass(frozen=True, slots=True)
class Screening:
    """The first stage: its graph, and the margin below which it clears a window.

    `margin_scale` and `margin_bias` turn its margin into log-odds that stand for the model's where it cleared.
    """

    graph: str
    clear_below: float
    margin_scale: float = 1.0
    margin_bias: float = 0.0


def read_calibration(data: Mapping[str, Any] | None) -> Calibration:
    """Read a manifest's `calibration`. Raises ConfigurationError, or what a wrong value raises."""
    if not data:
        return Calibration()
    if data["kind"] != "max-logit-rise":
        raise ConfigurationError("a calibration has a kind other than max-logit-rise")
    rise = tuple((float(n), float(grown)) for n, grown in data["rise"])
    values = (float(data["scale"]), float(data["bias"]), *(value for pair in rise for value in pair))
    if not all(math.isfinite(value) for value in values):
        raise ConfigurationError("a calibration has a value that is not finite")
    if not rise or rise[0] != (1.0, 0.0) or any(a >= c or b > d for (a, b), (c, d) in pairwise(rise)):
        raise ConfigurationError("the rise of a calibration starts with [1, 0] and grows")
    return Calibration(values[0], values[1], rise)


def read_passages(data: Mapping[str, Any] | None) -> Passages:
    """Read a manifest's `marks`; what it does not say has its default. Raises as `read_calibration` does."""
    default = Passages()
    told = dict(data or {})
    passages = Passages(
        float(told.pop("threshold", default.threshold)),
        int(told.pop("bridge", default.bridge)),
        int(told.pop("least", default.least)),
    )
    if told or not 0 < passages.threshold < 1 or passages.bridge < 0 or passages.least < 1:
        raise ConfigurationError("marks have a threshold between 0 and 1, a bridge from 0 and a least from 1 on")
    return passages


def read_screening(data: Mapping[str, Any] | None, calibration: Calibration) -> Screening | None:
    """Read a manifest's `screen`, None where there is none. Raises as `read_calibration` does.

    A screen needs a calibration that grows with the margin and not with the number of windows: what was cleared
    could reach any score otherwise.
    """
    if not data:
        return None
    told = dict(data)
    graph, below = str(told.pop("graph")), float(told.pop("clear_below"))
    scale, bias = float(told.pop("margin_scale", 1.0)), float(told.pop("margin_bias", 0.0))
    if told or scale <= 0 or not all(math.isfinite(value) for value in (below, scale, bias)):
        raise ConfigurationError("a screen has a field that is not known, or a value that is out of range")
    if calibration.scale <= 0:
        raise ConfigurationError("a screen needs a calibration that grows with the margin, not with the length")
    return Screening(graph, below, scale, bias)
