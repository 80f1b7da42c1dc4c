"""Settles a tuned model: calibration, thresholds, what the screen may clear; and holds it against the one in use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from firewall.check import figures
from firewall.check.comparison import SIDES, Comparison, Thresholds
from firewall.check.figures import Floats
from firewall.check.labelled import Labelled
from firewall.inference.model import Model
from firewall.inference.scoring import Calibration
from firewall.inference.screen import OUTPUT
from firewall.vocabulary import Origin

_PRIOR = 4.0  # how strongly few texts pull the calibration away from the one there was
_LOSS = 0.005  # share of a user's injections that the screen may clear
_LEAST_CLEARED = 0.1  # share of harmless texts below which a screen costs more than it saves
_HIGHEST = 0.9999
_LEAST_SIDE = 100  # harmless texts of ours from which a side is judged by its own


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a tuned model compares: what is worse in it, and what was not shown to be better."""

    worse: tuple[str, ...]
    doubtful: tuple[str, ...]


def recalibrated(calibration: Calibration, labels: Floats, scores: Floats, weights: Floats) -> dict[str, Any]:
    """Return a calibration for the manifest, stretched and shifted so that the scores it gives fit the labels.

    The stretch is between a quarter and four. What it takes off for length stays the same in log-odds: the texts of
    a user need not be long enough to fit it anew.
    """
    kept = np.clip(scores, 1e-9, 1 - 1e-9)
    stretch, shift = fit_line(labels, np.clip(np.log(kept / (1 - kept)), -20, 20), weights)
    return {
        "kind": "max-logit-rise",
        "scale": round(calibration.scale * stretch, 6),
        "bias": round(calibration.bias * stretch + shift, 6),
        "rise": [[windows, round(rise / stretch, 4)] for windows, rise in calibration.rise],
    }


def fit_line(labels: Floats, logits: Floats, weights: Floats) -> tuple[float, float]:
    """Return stretch and shift of log-odds by weighted logistic regression, drawn towards 1 and 0.

    Both labels weigh the same, and all rows together as much as there are.
    """
    each = weights.astype(np.float64)
    for label in (0.0, 1.0):
        each[labels == label] *= len(labels) / 2 / max(1e-9, each[labels == label].sum())
    stretch, shift = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(stretch * logits + shift, -30, 30)))
        gap, curve = each * (p - labels), each * p * (1 - p)
        slope = np.array([(gap * logits).sum() + _PRIOR * (stretch - 1), gap.sum() + _PRIOR * shift])
        bend = np.array(
            [
                [(curve * logits * logits).sum() + _PRIOR, (curve * logits).sum()],
                [(curve * logits).sum(), curve.sum() + _PRIOR],
            ]
        )
        move = np.linalg.solve(bend, slope)
        move *= min(1.0, 1.0 / max(1e-9, float(np.abs(move).max())))  # no leaps
        stretch, shift = float(np.clip(stretch - move[0], 0.25, 4.0)), float(shift - move[1])
        if np.abs(move).max() < 1e-6:
            break
    return stretch, shift


def thresholds(rows: Sequence[Labelled], scores: Floats, rate: float, floor: Thresholds) -> dict[str, float]:
    """Return for each side the lowest score that at most a share `rate` of harmless texts reaches.

    Where a side has fewer than 1 / `rate` harmless texts they cannot tell such a share: then no threshold is set below
    the `floor`.
    """
    found = {}
    for origin in SIDES:
        good = _harmless(rows, scores, origin)
        told = [figures.cutoff(good, rate)] if len(good) else []
        if len(good) * rate < 1:
            told.append(floor[origin.value])
        found[origin.value] = min(_HIGHEST, math.ceil((max(told) + 1e-9) * 1e4) / 1e4)
    return found


def as_strict(rows: Sequence[Labelled], before: Floats, after: Floats, in_force: Thresholds) -> dict[str, float]:
    """Return for each side the score from which the new model flags as many harmless texts as the old one does.

    `before` and `after` are the scores of both on the same rows, `in_force` the thresholds that the old one is used
    with. A side with few rows of its own is judged by all of them.
    """
    found = {}
    for origin in SIDES:
        side = origin if len(_harmless(rows, before, origin)) >= _LEAST_SIDE else None
        limit = in_force.get(origin.value, max(in_force.values(), default=0.5))
        found[origin.value] = figures.cutoff(
            _harmless(rows, after, side), float((_harmless(rows, before, side) >= limit).mean())
        )
    return found


def _harmless(rows: Sequence[Labelled], scores: Floats, origin: Origin | None) -> Floats:
    """Return the scores of the harmless rows of a side, or of all; rows without a score are left out."""
    wanted = [not row.label and origin in {None, row.origin} for row in rows]
    return np.asarray(scores[np.array(wanted) & np.isfinite(scores)])


def unsettled(rows: Sequence[Labelled], rate: float) -> list[str]:
    """Return a sentence for each side that has harmless texts, but too few to tell a share of `rate`."""
    found = []
    for origin in SIDES:
        good = sum(row.origin is origin and not row.label for row in rows)
        if 0 < good * rate < 1:
            found.append(
                f"{good} harmless texts settle the threshold of {origin.value.replace('_', ' ')}s and cannot tell "
                f"{rate:.1%} ({math.ceil(1 / rate)} could): so it stays where "
                "our own texts are flagged as often as before, or higher"
            )
    return found


def settled_screen(
    graph: Path, raw: Mapping[str, Any], model: Model, rows: Sequence[Labelled]
) -> dict[str, Any] | None:
    """Return the manifest's `screen` for the tuned model: its limit lowered until it clears next to no injection.

    The screen was taught what the former model thinks. An injection of a kind that only tuning taught would be cleared
    before the model sees it. None where what is left to clear is not worth a look.
    """
    told = dict(raw)
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    peaks = np.array([_highest(session, model, row.text) for row in rows])
    bad = np.array([row.label == 1 for row in rows])
    limit = min(float(told["clear_below"]), float(np.quantile(peaks[bad], _LOSS)) - 1e-4)
    if float((peaks[~bad] < limit).mean()) < _LEAST_CLEARED:
        return None
    return told | {"clear_below": round(limit, 4)}


def _highest(session: onnxruntime.InferenceSession, model: Model, text: str) -> float:
    names = {one.name for one in session.get_inputs()}
    highest = -math.inf
    for window in model.encode([text])[0].windows:
        feed = {"input_ids": window.ids[None].astype(np.int64)}
        if "attention_mask" in names:
            feed["attention_mask"] = np.ones_like(feed["input_ids"])
        highest = max(highest, float(session.run([OUTPUT], feed)[0][0]))
    return highest


def verdict(own: Comparison, written: Comparison) -> Verdict:
    """Say what is worse in the second model: on the user's texts, and on ours."""
    worse, doubtful = [], []
    recall = figures.recall_name(0.01)
    for title, found in (("your texts held out to test", own), ("our written texts, kept from training", written)):
        for name, what, drop in (("auc", "AUC", 0.005), (recall, "recall at 1 % false positives", 0.02)):
            change = found.difference[name]
            told = f"{what} on {title}: {change.value:+.4f} [{change.low:+.4f}, {change.high:+.4f}]"
            if change.high < 0 or (change.value < -drop and change.high < drop):
                worse.append(told)
            elif change.value < -drop:
                doubtful.append(f"it may be worse, and there are too few texts to tell: {told}")
    before, after = own.own
    if before is not None and after is not None and after.recall.value < before.recall.value - 0.02:
        told = (
            f"at its own thresholds {after.recall.value:.1%} of your injections are flagged, {before.recall.value:.1%} "
            f"before, and {after.false_alarms.value:.2%} of your harmless texts, {before.false_alarms.value:.2%} before"
        )
        (doubtful if after.false_alarms.value < before.false_alarms.value else worse).append(told)
    before, after = written.own
    if before is not None and after is not None and after.false_alarms.low > before.false_alarms.value:
        doubtful.append(
            f"at its own thresholds {after.false_alarms.value:.1%} of our harmless texts are flagged, "
            f"{before.false_alarms.value:.1%} before: it may be too eager on texts that are not like yours"
        )
    changes = [own.difference[name] for name in ("auc", recall)]
    if not worse and not any(change.low > 0 for change in changes):
        doubtful.append("no figure on your texts held out to test rose by more than chance could make it rise")
    return Verdict(tuple(worse), tuple(doubtful))
