"""Measures the exported model, calibrates it, chooses thresholds, and writes manifest and card."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import InferenceSession

from firewall.inference.windows import cut, tokenize
from models.injection import card, compose, measure, sources
from models.injection.measure import Floats
from models.injection.sources import Row
from models.training import backbone, export

CALLS = {"tool_args", "user_prompt"}  # surfaces judged by the threshold for tool calls; the others by that for results
# Files of running text: their held-out clean rows, read one after the other, stand for long clean documents.
RUNNING = {
    "code_snippets", "multilingual_docs", "security_docs", "sop_runbooks", "spamassassin_mail", "tau_bench", "tech_docs",
    "web_pages", "agentbench",
}  # fmt: skip
# Sizes of clean documents, in windows of 128 tokens: about 0.4, 1, 3, 10, 30 and 100 KB of English.
SIZES = {1: "0.4 KB", 3: "1 KB", 10: "3 KB", 29: "10 KB", 90: "30 KB", 290: "100 KB"}
FALSE_ALARMS = {"tool_call": 0.005, "tool_result": 0.007}  # share of clean texts that a default threshold may flag


@dataclass(frozen=True, slots=True)
class Scored:
    """A set of rows with the margins of the windows of each; `margins` holds the largest, `counts` how many."""

    rows: Sequence[Row]
    windows: Sequence[Floats]
    margins: Floats
    counts: Floats

    @property
    def labels(self) -> Floats:
        """The labels as numbers."""
        return np.array([float(row.label) for row in self.rows])


def score(model: InferenceSession, rows: Sequence[Row]) -> Scored:
    """Run the model over all windows of each row."""
    tokens = tokenize(backbone.load_tokenizer(), [row.text for row in rows])
    cuts = [cut(len(part), compose.CONTENT, compose.OVERLAP) for part in tokens]
    margins = _margins(model, [part.ids[a:b] for part, spans in zip(tokens, cuts, strict=True) for a, b in spans])
    parts = np.split(margins, np.cumsum([len(spans) for spans in cuts])[:-1])
    peaks = [part.max(initial=-20.0) for part in parts]
    return Scored(rows, parts, np.array(peaks), np.array([float(len(part)) for part in parts]))


def clean_texts(part: Scored) -> dict[str, Floats]:
    """Return, by file of running text, the margins of all windows of its clean rows in order."""
    found: dict[str, list[Floats]] = defaultdict(list)
    for row, margins in zip(part.rows, part.windows, strict=True):
        if row.label == 0 and row.file in RUNNING:
            found[row.file].append(margins)
    return {name: np.concatenate(margins) for name, margins in found.items()}


def finish(
    data: Path, out: Path, floating: Path, rows: Sequence[Row], phrases: Sequence[str], *, seed: int, command: str
) -> None:
    """Measure `out`/model.onnx, and write card and manifest beside it."""
    model = export.session(out / "model.onnx")
    print("measuring the development sets", flush=True)
    development = {
        path.name.removesuffix(".jsonl.gz"): score(model, sources.development(path))
        for path in sorted((data / "dev").glob("*.jsonl.gz"))
    }
    print("measuring the holdout", flush=True)
    held = compose.holdout_set(rows, phrases, seed=seed, generated=700)
    holdout = score(model, held)
    clinical = score(model, sources.clinical(data)[:150])
    clean = clean_texts(holdout)
    slope = measure.length_slope(clean, list(SIZES), 0.02)
    pool = [holdout, *development.values()]
    calibration = measure.fit(
        np.concatenate([part.labels for part in pool]),
        np.concatenate([part.margins for part in pool]),
        np.concatenate([part.counts for part in pool]),
        slope,
    )
    thresholds = choose(pool, calibration)
    used = Counter(row.file for row in rows if not compose.held_out(row))
    metrics: dict[str, Any] = {
        **{name: _figures(part, calibration, thresholds) for name, part in development.items()},
        "holdout": _figures(holdout, calibration, thresholds),
        "holdout_by_surface": _by(holdout, calibration, thresholds, "surface"),
        "false_alarms_by_file": _alarms(holdout, calibration, thresholds),
        "false_alarms_clinical_reports": _rate(clinical, calibration, thresholds),
        "false_alarms_by_length": _by_length(clean, calibration, thresholds["tool_result"]),
        "int8_drift": drift(floating, out / "model.onnx", held),
        "milliseconds_per_window": speed(model),
    }
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
        task="sequence-classification",
        window={"tokens": compose.SIZE, "overlap": compose.OVERLAP},
        token_types="zeros",
        calibration=calibration.manifest(),
        thresholds=thresholds,
        training=training,
        metrics=metrics,
    )
    for name, value in metrics.items():
        print(name, value)
    print(calibration, thresholds)


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
    exact = score(export.session(floating), part).margins
    rough = score(export.session(quantised), part).margins
    gap = np.abs(exact - rough)
    return {
        "windows": len(part),
        "mean": round(float(gap.mean()), 4),
        "largest": round(float(gap.max()), 4),
        "spread_of_margins": round(float(exact.std()), 4),
    }


def speed(model: InferenceSession) -> dict[str, float]:
    """Return the median time of one window by its number of tokens, alone in its batch, on two threads."""
    found = {}
    for length in (32, 64, 128):
        window = np.full(length, 2023, dtype=np.int32)
        times = []
        for _ in range(30):
            begun = time.perf_counter()
            export.run(model, [window])
            times.append((time.perf_counter() - begun) * 1e3)
        found[str(length)] = round(float(np.median(times)), 2)
    return found


def _margins(model: InferenceSession, windows: Sequence[np.ndarray[Any, Any]]) -> Floats:
    logits = export.run(model, [compose.special(ids) for ids in windows])
    return np.array([float(row[1] - row[0]) for row in logits])


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
        chosen = np.array([other == value for other in values])
        rows = [row for row, keep in zip(part.rows, chosen, strict=True) if keep]
        parts = [margins for margins, keep in zip(part.windows, chosen, strict=True) if keep]
        some = Scored(rows, parts, part.margins[chosen], part.counts[chosen])
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
