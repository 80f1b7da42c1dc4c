"""Measures the exported model, calibrates it, chooses thresholds, and writes manifest and card."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.injection import card, cascade, compose, curriculum, measure, sources
from models.injection.measure import Floats
from models.injection.scored import Graphs, Scored, running, score
from models.injection.sources import Row
from models.training import export

CALLS = {"tool_args", "user_prompt"}  # surfaces judged by the threshold for tool calls; the others by that for results
# Files of running text: their held-out clean rows, read one after the other, stand for long clean documents.
RUNNING = {
    "code_snippets", "multilingual_docs", "security_docs", "sop_runbooks", "spamassassin_mail", "tau_bench", "tech_docs",
    "web_pages", "agentbench",
}  # fmt: skip
# Sizes of clean documents, in windows of 128 tokens: about 0.4, 1, 3, 10, 30 and 100 KB of English.
SIZES = {1: "0.4 KB", 3: "1 KB", 10: "3 KB", 29: "10 KB", 90: "30 KB", 290: "100 KB"}
FALSE_ALARMS = {"tool_call": 0.005, "tool_result": 0.005}  # share of clean texts that a default threshold may flag
RISE_AT = 0.005  # share of clean documents of each size whose largest margin is followed over the sizes


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the exported graphs lie: the whole model in float32 and in int8, and in int8 its two parts."""

    floating: Path
    whole: Path
    first: Path
    last: Path


def finish(
    data: Path, out: Path, graphs: Exported, rows: Sequence[Row], phrases: Sequence[str], *, seed: int, command: str
) -> None:
    """Measure the graphs, put those to serve into `out`, and write card and manifest beside them."""
    model = Graphs(export.session(graphs.last), export.session(graphs.first))
    print("measuring the development sets", flush=True)
    raw = {
        path.name.removesuffix(".jsonl.gz"): score(model, sources.development(path))
        for path in sorted((data / "dev").glob("*.jsonl.gz"))
    }
    print("measuring the holdout", flush=True)
    held = compose.holdout_set(rows, phrases, seed=seed, generated=700)
    raw["holdout"] = score(model, held)
    raw["written"] = score(model, written(rows, seed))
    rise = measure.length_rise(running(raw["holdout"], RUNNING), list(SIZES), RISE_AT)
    calibration = measure.fit(
        np.concatenate([part.labels for part in raw.values()]),
        np.concatenate([part.margins for part in raw.values()]),
        np.concatenate([part.counts for part in raw.values()]),
        rise,
    )
    looked, large, hostile = (
        np.concatenate(side) for side in zip(*(part.flat() for part in raw.values()), strict=True)
    )
    stage = cascade.choose(looked, large, hostile, calibration)
    both = {name: part.through(stage, calibration) for name, part in raw.items()}
    kept = cascade.worth({name: (raw[name].auc, both[name].auc) for name in raw})
    sets = both if kept else raw
    clinical = score(model, sources.clinical(data)[:150])
    clinical = clinical.through(stage, calibration) if kept else clinical
    # The written rows are made of few texts, each in many places: one odd text among them would set the threshold.
    thresholds = choose([part for name, part in sets.items() if name != "written"], calibration)
    used = Counter(row.file for row in rows if not compose.held_out(row))
    metrics: dict[str, Any] = {
        **{name: _figures(part, calibration, thresholds) for name, part in sets.items()},
        "screen": {
            "shipped": kept,
            "aucs": {name: [round(raw[name].auc, 4), round(both[name].auc, 4)] for name in raw},
            "cleared": cascade.figures(stage, {name: part.flat() for name, part in raw.items()}),
        },
        "holdout_by_surface": _by(sets["holdout"], calibration, thresholds, "surface"),
        "false_alarms_by_file": _alarms(sets["holdout"], calibration, thresholds),
        "false_alarms_clinical_reports": _rate(clinical, calibration, thresholds),
        "false_alarms_by_length": _by_length(running(sets["holdout"], RUNNING), calibration, thresholds["tool_result"]),
        "int8_drift": drift(graphs.floating, graphs.whole, held),
        "milliseconds_per_window": {"whole": speed(graphs.whole), "early guess": speed(graphs.first)},
    }
    shutil.copyfile(graphs.last if kept else graphs.whole, out / "model.onnx")
    if kept:
        shutil.copyfile(graphs.first, out / cascade.GRAPH)
    else:
        (out / cascade.GRAPH).unlink(missing_ok=True)
    training = {
        "seed": seed,
        "command": command,
        "data": {
            f"{name}.jsonl.gz": {
                "sha256": export.sha256(data / f"{name}.jsonl.gz"),
                "rows_used": used[name],
                "licence": source.licence,
            }
            for name, source in sources.SOURCES.items()
        },
    }
    card.write(out / "CARD.md", metrics, thresholds, calibration, training)
    export.write_manifest(
        out,
        name="injection",
        version=card.VERSION,
        task="sequence-classification",
        window={"tokens": compose.SIZE, "overlap": compose.OVERLAP},
        token_types="zeros",
        calibration=calibration.manifest(),
        thresholds=thresholds,
        training=training,
        metrics=metrics,
        marks={"threshold": 0.5},
        screen=stage.manifest() if kept else None,
    )
    for name, value in metrics.items():
        print(name, value)
    print(calibration, thresholds)


def written(rows: Sequence[Row], seed: int) -> list[Row]:
    """Return rows made of the written texts that training did not see, placed in collected ones that it did not see."""
    carriers = [row for row in rows if compose.held_out(row) and row.label == 0 and row.surface in compose.CARRIERS]
    return curriculum.rows(random.Random(seed + 2), curriculum.library(kept=True), carriers, 1500)


def choose(pool: Sequence[Scored], calibration: measure.Calibration) -> dict[str, float]:
    """Return the default threshold of each direction: the lowest that keeps false alarms at their share."""
    found = {}
    for side, share in FALSE_ALARMS.items():
        scores = np.concatenate([calibration.apply(part.margins, part.counts) for part in pool])
        wanted = np.array([(row.surface in CALLS) == (side == "tool_call") for part in pool for row in part.rows])
        labels = np.concatenate([part.labels for part in pool])
        found[side] = round(min(0.999, measure.cutoff(scores[wanted & (labels == 0)], share) + 1e-4), 4)
    return found


def drift(floating: Path, quantised: Path, rows: Sequence[Row], most: int = 300) -> dict[str, float]:
    """Return how far the margins of the int8 model are from those of the float one, on windows of real text."""
    part = list(rows[:most])
    exact = score(Graphs(export.session(floating)), part).margins
    rough = score(Graphs(export.session(quantised)), part).margins
    gap = np.abs(exact - rough)
    return {
        "windows": len(part),
        "mean": round(float(gap.mean()), 4),
        "largest": round(float(gap.max()), 4),
        "spread_of_margins": round(float(exact.std()), 4),
    }


def speed(graph: Path) -> dict[str, float]:
    """Return the median time in milliseconds of one window by its number of tokens, alone in its batch, on one thread."""
    session = export.session(graph, threads=1)
    names = {one.name for one in session.get_inputs()}
    found = {}
    for length in (16, 64, 128):
        window = np.full((1, length), 2023, dtype=np.int64)
        feed = {name: window if name == "input_ids" else np.ones_like(window) for name in names}
        times = []
        for _ in range(40):
            begun = time.perf_counter()
            session.run(None, feed)
            times.append((time.perf_counter() - begun) * 1e3)
        found[str(length)] = round(float(np.median(times)), 2)
    return found


def _flags(part: Scored, calibration: measure.Calibration, thresholds: dict[str, float]) -> np.ndarray[Any, Any]:
    limits = np.array([thresholds["tool_call" if row.surface in CALLS else "tool_result"] for row in part.rows])
    return np.asarray(calibration.apply(part.margins, part.counts) >= limits)


def _figures(part: Scored, calibration: measure.Calibration, thresholds: dict[str, float]) -> dict[str, Any]:
    flags = _flags(part, calibration, thresholds)
    return measure.summary(part.labels, calibration.apply(part.margins, part.counts)) | {
        "flagged_of_positive": round(float(flags[part.labels == 1].mean()), 4),
        "flagged_of_negative": round(float(flags[part.labels == 0].mean()), 4),
    }


def _by(part: Scored, calibration: measure.Calibration, thresholds: dict[str, float], key: str) -> dict[str, Any]:
    values = [getattr(row, key) for row in part.rows]
    found = {}
    for value in sorted(set(values)):
        some = part.where(np.array([other == value for other in values]))
        if 0 < some.labels.mean() < 1:
            found[value] = _figures(some, calibration, thresholds)
    return found


def _alarms(part: Scored, calibration: measure.Calibration, thresholds: dict[str, float]) -> dict[str, Any]:
    flags = _flags(part, calibration, thresholds)
    total: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for row, flag in zip(part.rows, flags, strict=True):
        if row.label == 0:
            total[row.file] += 1
            false[row.file] += int(flag)
    return {name: {"rows": total[name], "flagged": false[name]} for name in sorted(total)}


def _rate(part: Scored, calibration: measure.Calibration, thresholds: dict[str, float]) -> dict[str, int]:
    return {"rows": len(part.rows), "flagged": int(_flags(part, calibration, thresholds).sum())}


def _by_length(clean: dict[str, Floats], calibration: measure.Calibration, threshold: float) -> dict[str, Any]:
    found = {}
    for size, name in SIZES.items():
        by_source = measure.peaks(clean, size)
        if not by_source:
            continue
        all_peaks = np.concatenate(list(by_source.values()))
        scores = calibration.apply(all_peaks, np.full(len(all_peaks), float(size)))
        found[name] = {
            "windows": size,
            "documents": len(all_peaks),
            "flagged": round(float((scores >= threshold).mean()), 4),
            "flagged_without_length_term": round(
                float((calibration.apply(all_peaks, np.ones(len(all_peaks))) >= threshold).mean()), 4
            ),
        }
    return found
