"""From an exported graph to a folder that can be served: calibrated, thresholds chosen, tested against its base."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from firewall.check import comparison
from firewall.check.comparison import Comparison, Thresholds
from firewall.check.figures import Floats
from firewall.check.labelled import Labelled
from firewall.cli.compared import to_json
from firewall.cli.output import progress
from firewall.inference import manifest
from firewall.inference.model import Model
from models.injection.tuning import card, replay, settle
from models.injection.tuning.settle import Verdict
from models.injection.tuning.split import Split
from models.training import export

CLEARS_NOTHING = -1e6  # a margin that no window stays under
_COPIED = ("tokenizer.json", "tokenizer_config.json", "config.json")


@dataclass(frozen=True, slots=True)
class Base:
    """The model that is tuned: its folder, its manifest as it is written, and itself, loaded."""

    folder: Path
    raw: Mapping[str, Any] = field(repr=False)
    model: Model

    @classmethod
    def load(cls, folder: Path, threads: int) -> Base:
        """Verify and load a folder of ours. Raises ConfigurationError as `Model.load` does."""
        model = Model.load(folder, threads=threads)
        return cls(folder, json.loads(model_manifest(folder)), model)


@dataclass(frozen=True, slots=True)
class Finished:
    """What is told at the end: both comparisons (base first), the verdict and the new thresholds."""

    own: Comparison
    written: Comparison
    verdict: Verdict
    thresholds: Thresholds
    notes: tuple[str, ...]


def model_manifest(folder: Path) -> str:
    """Return the text of a folder's manifest."""
    return (folder / manifest.MANIFEST).read_text(encoding="utf-8")


def prepare(base: Base, folder: Path) -> Path:
    """Make an empty folder with the files that tuning leaves alone; return where the graph belongs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _COPIED:
        shutil.copyfile(base.folder / name, folder / name)
    return folder / "model.onnx"


def finish(
    base: Base,
    folder: Path,
    parts: Split,
    training: Mapping[str, Any],
    *,
    version: str,
    rate: float,
    policy: Thresholds,
    seed: int,
    threads: int,
) -> Finished:
    """Settle and measure the model whose graph lies in `folder`, and write card and manifest beside it.

    `rate` is the share of harmless texts that the thresholds may flag, `policy` holds the thresholds in force.
    """
    writer = _Writer(base, folder, version, training, threads)
    written = replay.kept_texts(seed)
    model = writer.load()
    writer.calibration = _calibration(base, model, parts.settle, written)
    notes = settle.unsettled(parts.settle, rate)
    if base.raw.get("screen") and not writer.take_screen(model, [*parts.train, *parts.settle]):
        notes.append("the first stage would clear your injections, so the new model does without it and is slower")
    model = writer.load()
    before, after = score(base.model, written, "our texts, model in use"), score(model, written, "our texts, new model")
    floor = settle.as_strict(written, before, after, policy or comparison.own_thresholds(base.model.manifest))
    writer.thresholds = settle.thresholds(parts.settle, score(model, parts.settle, "thresholds"), rate, floor)
    model = writer.load()
    both = (
        score(base.model, parts.test, "your texts, model in use"),
        score(model, parts.test, "your texts, new model"),
    )
    own = _compare(base.model, model, parts.test, both, policy)
    ours = _compare(base.model, model, written, (before, after), policy)
    verdict = settle.verdict(own, ours)
    writer.metrics = {"test": _summary(own), "written": _summary(ours), "worse": list(verdict.worse)}
    card.write(
        folder / "CARD.md",
        version=version,
        training=training,
        own=own,
        written=ours,
        warnings=(*parts.warnings, *notes, *verdict.doubtful),
        worse=verdict.worse,
    )
    digest = writer.load().manifest.digest
    return Finished(_with_digest(own, digest), _with_digest(ours, digest), verdict, writer.thresholds, tuple(notes))


class _Writer:
    """Writes the manifest again and again, as more of what it says becomes known."""

    def __init__(self, base: Base, folder: Path, version: str, training: Mapping[str, Any], threads: int) -> None:
        raw = base.raw
        self.base, self.folder, self.version, self.training, self.threads = base, folder, version, training, threads
        self.calibration: Mapping[str, Any] = raw.get("calibration") or {}
        self.thresholds: Thresholds = raw.get("thresholds") or {}
        # Until it is known what a screen may clear it clears nothing; only a divided model cannot do without.
        told = {**raw["screen"], "clear_below": CLEARS_NOTHING} if base.model.begun else None
        self.screen: Mapping[str, Any] | None = told
        self.metrics: Mapping[str, Any] = {}
        (folder / "CARD.md").write_text(f"# {raw['name']} {version}\n", encoding="utf-8")

    def take_screen(self, model: Model, rows: Sequence[Labelled]) -> bool:
        """Take over the base's first stage with a limit that fits; tell whether it is worth its time."""
        raw = self.base.raw["screen"]
        graph = self.folder / raw["graph"]
        if not self.base.model.begun:
            shutil.copyfile(self.base.folder / raw["graph"], graph)
        settled = settle.settled_screen(graph, raw, model, rows)
        if settled is not None:
            self.screen = settled
        elif self.base.model.begun:  # the model cannot do without its first layers, but they clear nothing
            self.screen = {**raw, "clear_below": CLEARS_NOTHING}
        else:
            self.screen = None
            graph.unlink()
        return settled is not None

    def load(self) -> Model:
        """Write the manifest, verify the folder and load it."""
        raw = self.base.raw
        export.write_manifest(
            self.folder,
            name=raw["name"],
            task=raw["task"],
            window=raw["window"],
            token_types=raw["token_types"],
            calibration=self.calibration,
            thresholds=self.thresholds,
            training=self.training,
            metrics=self.metrics,
            version=self.version,
            base=raw["base"],
            marks=raw.get("marks"),
            screen=self.screen,
        )
        return Model.load(self.folder, threads=self.threads)


def score(model: Model, rows: Sequence[Labelled], title: str) -> Floats:
    """Return the score of each row, with a progress bar."""
    with progress(in_bytes=False) as bar:
        task = bar.add_task(title, total=len(rows))
        return comparison.judge(model, rows, lambda: bar.advance(task))


def _calibration(base: Base, model: Model, mine: Sequence[Labelled], ours: Sequence[Labelled]) -> dict[str, Any]:
    """Fit the calibration to the user's held-out texts and to ours, which together weigh the same.

    Few texts that are easily told apart would otherwise make the model sure of everything.
    """
    pool = [*mine, *ours]
    scores = score(model, pool, "calibrating")
    weights = np.concatenate((np.full(len(mine), 1 / len(mine)), np.full(len(ours), 1 / len(ours))))
    labels = np.array([float(row.label) for row in pool])
    seen = np.isfinite(scores)
    return settle.recalibrated(base.model.manifest.calibration, labels[seen], scores[seen], weights[seen])


def _compare(
    base: Model, tuned: Model, rows: Sequence[Labelled], scores: tuple[Floats, Floats], policy: Thresholds
) -> Comparison:
    paces = comparison.pace((base, tuned), [row.text for row in rows])
    first, second = (
        comparison.judged(model, mine, pace) for model, mine, pace in zip((base, tuned), scores, paces, strict=True)
    )
    return comparison.compare(rows, (first, second), policy)


def _with_digest(found: Comparison, digest: str) -> Comparison:
    return replace(found, judged=(found.judged[0], replace(found.judged[1], digest=digest)))


def _summary(found: Comparison) -> dict[str, Any]:
    """Return the figures that a manifest keeps: nothing about single rows."""
    told = to_json(found)
    del told["models"]["b"]["digest"]  # the manifest cannot hold its own
    return {name: value for name, value in told.items() if name not in {"scores", "disagreements", "unscored_lines"}}
