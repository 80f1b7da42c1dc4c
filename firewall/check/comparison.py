"""Two injection classifiers on the same labelled texts: what each finds, what it costs, and where they differ.

Texts go through the detector that the service runs: canonical and decoded views, windows, the screen, calibration.
What comes out names rows by the line of their file and holds nothing of their text.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firewall.check import figures
from firewall.check.figures import Floats, Interval
from firewall.check.labelled import Labelled
from firewall.detectors.injection import NAME, InjectionDetector
from firewall.inference.batcher import Batcher
from firewall.inference.manifest import Manifest
from firewall.inference.model import Model
from firewall.policy.policy import RISK_CLASSES, Clause, Policy
from firewall.vocabulary import Action, Call, Direction, Identity, Origin, Segment, ToolRef

Bools = NDArray[np.bool_]
Thresholds = Mapping[str, float]
# The sides that have a threshold each, and the way that what is on them travels.
SIDES: Final = {
    Origin.TOOL_CALL: Direction.INBOUND,
    Origin.USER_PROMPT: Direction.INBOUND,
    Origin.TOOL_RESULT: Direction.OUTBOUND,
}
_ANY_TOOL: Final = ToolRef("", "")
_TIMEOUT_S: Final = 600.0  # nobody waits here; what is too large for the detector is skipped by size, not by time
_TIMED: Final = 60


@dataclass(frozen=True, slots=True)
class Judged:
    """What one model says: a score a row (NaN where the detector could not look), its time a window, its thresholds."""

    name: str
    version: str
    digest: str
    scores: Floats = field(repr=False)
    window_ms: float
    window_tokens: float
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Flags:
    """Shares flagged at some thresholds: of the injections, and of the harmless texts."""

    thresholds: Thresholds
    recall: Interval
    false_alarms: Interval


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row that one model flags and the other does not, by its line; `right` is the one (0 or 1) that fits the label."""

    line: int
    label: int
    scores: tuple[float, float]
    right: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is told of two models. `difference` is the second's figures less the first's."""

    rows: int
    positives: int
    unscored: tuple[int, ...]
    judged: tuple[Judged, Judged]
    ranking: tuple[Mapping[str, Interval], Mapping[str, Interval]]
    difference: Mapping[str, Interval]
    calibration_error: tuple[float, float]
    own: tuple[Flags | None, Flags | None]
    policy: tuple[Flags | None, Flags | None]
    disagreements: tuple[Disagreement, ...]
    lines: tuple[int, ...] = field(repr=False)
    labels: Floats = field(repr=False)
    scores: tuple[Floats, Floats] = field(repr=False)

    @property
    def unresolved(self) -> tuple[float, ...]:
        """The false-positive rates for which there are too few harmless texts: less than one of them may be flagged."""
        return tuple(rate for rate in figures.RATES if rate * (self.rows - self.positives) < 1)


def judge(model: Model, rows: Sequence[Labelled], told: Callable[[], None] = lambda: None) -> Floats:
    """Return the score of each row as the service would tell it, NaN where the detector could not look at all.

    One row is scored after the other: activations of int8 models are scaled over a batch, so that scores would depend
    on what happens to share it. `told` is called after each row. Must not be called from a running event loop.
    """

    async def one_by_one() -> Floats:
        """Ask the detector as the service does."""
        scores = np.full(len(rows), np.nan)
        with Batcher(model) as batcher:
            detector = InjectionDetector(batcher, timeout_s=_TIMEOUT_S)
            for at, row in enumerate(rows):
                report = await detector.detect([Segment("", row.origin, row.text)])
                scores[at] = report.scores.get(NAME, np.nan)
                told()
        return scores

    return asyncio.run(one_by_one())


def pace(models: Sequence[Model], texts: Sequence[str]) -> list[tuple[float, float]]:
    """Return for each model the median milliseconds of one window alone in its batch, and the median of its tokens.

    Windows of the given texts are run in turn by one model and the next, so that what else the machine does falls on
    all of them alike.
    """
    step = max(1, len(texts) // _TIMED)
    windows = [
        [encoded.windows[0] for encoded in model.encode(list(texts[::step][:_TIMED])) if encoded.windows]
        for model in models
    ]
    times: list[list[float]] = [[] for _ in models]
    for at in range(max(map(len, windows), default=0)):
        for model, mine, spent in zip(models, windows, times, strict=True):
            if at < len(mine):
                began = time.perf_counter()
                model.run([mine[at]])
                spent.append((time.perf_counter() - began) * 1e3)
    return [
        (float(np.median(spent)), float(np.median([len(window) for window in mine])))
        if spent
        else (float("nan"), float("nan"))
        for spent, mine in zip(times, windows, strict=True)
    ]


def policy_thresholds(policy: Policy) -> dict[str, float]:
    """Return the score from which a policy acts on the classifier alone, by side, whatever the tool or the tenant.

    A side is missing where no clause speaks for every tool.
    """
    found: dict[str, float] = {}
    for side, direction in SIDES.items():
        scores = [clause.min_score for clause in policy.clauses if _speaks(clause, side, direction)]
        if scores:
            found[side.value] = min(scores)
    return found


def _speaks(clause: Clause, side: Origin, direction: Direction) -> bool:
    calls = (Call(direction, _ANY_TOOL, Identity(), risk_class=risk) for risk in RISK_CLASSES)
    return (
        NAME in clause.detectors
        and clause.action > Action.ALLOW
        and not (clause.rules or clause.tags)
        and (not clause.origins or side.value in clause.origins)
        and all(clause.scope.covers(call) for call in calls)
    )


def own_thresholds(manifest: Manifest) -> dict[str, float]:
    """Return the thresholds that a manifest names, by side.

    `default` stands for every side that is not named, and that of tool calls for prompts.
    """
    told = dict(manifest.thresholds)
    if "tool_call" in told:
        told.setdefault(Origin.USER_PROMPT.value, told["tool_call"])
    sides = (side.value for side in SIDES)
    return {side: told.get(side, told.get("default", np.nan)) for side in sides if {side, "default"} & told.keys()}


def judged(model: Model, scores: Floats, pace: tuple[float, float]) -> Judged:
    """Return what is compared of a model: what `judge` and `pace` found, and what its manifest says."""
    told = model.manifest
    return Judged(told.name, told.version, told.digest, scores, *pace, own_thresholds(told))


def flagged(rows: Sequence[Labelled], scores: Floats, thresholds: Thresholds) -> Bools:
    """Tell for each row whether its score reaches the threshold of its side."""
    limits = np.array([thresholds[row.origin.value] for row in rows])
    return np.asarray(scores >= limits)


def compare(
    rows: Sequence[Labelled], models: tuple[Judged, Judged], policy: Thresholds, *, seed: int = 17
) -> Comparison:
    """Return every figure over the rows that both models could score.

    Disagreements are told at each model's own thresholds, and at the policy's where a manifest names none; they are
    sorted by how far the scores lie apart.
    """
    seen = np.isfinite(models[0].scores) & np.isfinite(models[1].scores)
    kept = [row for row, whole in zip(rows, seen, strict=True) if whole]
    labels = np.array([float(row.label) for row in kept])
    first, second = models[0].scores[seen], models[1].scores[seen]
    told = figures.bootstrap(labels, first, second, seed=seed)
    acts = [one.thresholds or policy for one in models]
    verdicts = [
        flagged(kept, scores, limits) if _every(limits) else None
        for scores, limits in zip((first, second), acts, strict=True)
    ]
    return Comparison(
        rows=len(kept),
        positives=int(labels.sum()),
        unscored=tuple(row.line for row, whole in zip(rows, seen, strict=True) if not whole),
        judged=models,
        ranking=(told[0], told[1]),
        difference=told[2],
        calibration_error=(figures.calibration_error(labels, first), figures.calibration_error(labels, second)),
        own=(_flags(kept, first, models[0].thresholds), _flags(kept, second, models[1].thresholds)),
        policy=(_flags(kept, first, policy), _flags(kept, second, policy)),
        disagreements=_disagreements(kept, first, second, verdicts),
        lines=tuple(row.line for row in kept),
        labels=labels,
        scores=(first, second),
    )


def _every(thresholds: Thresholds) -> bool:
    return {side.value for side in SIDES} <= thresholds.keys()


def _flags(rows: Sequence[Labelled], scores: Floats, thresholds: Thresholds) -> Flags | None:
    if not _every(thresholds):
        return None
    hits = flagged(rows, scores, thresholds)
    bad = np.array([row.label == 1 for row in rows])
    return Flags(
        thresholds,
        figures.share_between(int(hits[bad].sum()), int(bad.sum())),
        figures.share_between(int(hits[~bad].sum()), int((~bad).sum())),
    )


def _disagreements(
    rows: Sequence[Labelled], first: Floats, second: Floats, verdicts: Sequence[Bools | None]
) -> tuple[Disagreement, ...]:
    one, other = verdicts
    if one is None or other is None:
        return ()
    places = np.flatnonzero(one != other)
    order = sorted(places.tolist(), key=lambda at: (-abs(first[at] - second[at]), at))
    return tuple(
        Disagreement(
            rows[at].line,
            rows[at].label,
            (float(first[at]), float(second[at])),
            0 if bool(one[at]) == bool(rows[at].label) else 1,
        )
        for at in order
    )
