"""Rebuild the entity model: weights, tokenizer, manifest and the figures of its card.

    python -m models.entities.train --data DIR                    the whole road; goes on where it was stopped
    python -m models.entities.train --data DIR --no-resume        from the start
    python -m models.entities.train --data DIR --measure-only     keep the weights; thresholds, figures, card again

DIR holds `phi/` and `injection/`. The run's checkpoint and log lie in --run. One run takes about half an hour on two
cores that have nothing else to do.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from firewall.inference.shapes import SHAPES
from models.entities import card, evaluate
from models.entities.corpus import OVERLAP, SOURCES, WINDOW
from models.entities.fit import fit, plan
from models.entities.labels import LABELS
from models.training import export

HERE: Final = Path(__file__).parent
GRID: Final = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
FALSE_LIMIT: Final = 0.015
# Beside the split itself: how much of unlabelled clean text may be covered before the threshold goes up.
CLEAN_LIMIT: Final = 0.003
_APART: Final = ("generated_people", "generated_lookalikes", "tech_docs", "code_snippets")


def export_model(module: Any, run: Path, folder: Path) -> None:
    """Write the ONNX file, the tokenizer and the config."""
    export.to_onnx(module, run / "model.fp32.onnx")
    export.to_int8(run / "model.fp32.onnx", folder / "model.onnx")
    export.write_tokenizer(folder, LABELS, "token-classification", token_types=SHAPES, window=WINDOW)


def choose_threshold(
    split: Sequence[evaluate.Predicted], clean: Sequence[evaluate.Predicted]
) -> tuple[float, list[dict[str, Any]]]:
    """Return the lowest threshold of the grid that keeps both limits on false redaction, and the whole sweep.

    A miss is worse than a false redaction, so within the limits the lowest threshold is the best one. Where none
    keeps the limits, the highest is returned.
    """
    sweep: list[dict[str, Any]] = []
    for threshold in GRID:
        figures: dict[str, Any] = {"threshold": threshold, **evaluate.summary(evaluate.tally(split, threshold))}
        figures["false_redaction_clean"] = round(evaluate.tally(clean, threshold).false_share, 5)
        sweep.append(figures)
    fitting = [
        row["threshold"]
        for row in sweep
        if row["false_redaction"] <= FALSE_LIMIT and row["false_redaction_clean"] <= CLEAN_LIMIT
    ]
    return (min(fitting) if fitting else GRID[-1]), sweep


def measure(data: Path, folder: Path) -> tuple[dict[str, float], dict[str, Any]]:
    """Choose the threshold on the held-out split and return it with every figure."""
    session, tokenizer = evaluate.open_model(folder / "model.onnx")
    documents = evaluate.held_out_documents(data)
    begin = time.perf_counter()
    predictions = {name: evaluate.predict(session, tokenizer, part) for name, part in documents.items()}
    seconds = time.perf_counter() - begin
    by_hand = evaluate.predict(session, tokenizer, evaluate.handwritten(folder / "dev_handwritten.jsonl"))
    split = [one for name, part in predictions.items() if name not in _APART for one in part]
    threshold, sweep = choose_threshold(split, predictions["biomed_negatives"])
    counted = evaluate.tally(split, threshold)
    hand = evaluate.tally(by_hand, threshold)
    windows = sum(len(evaluate.windows_of(one.document)) for part in predictions.values() for one in part)
    return {"default": threshold}, {
        "split": evaluate.summary(counted),
        "split_by_label": counted.as_json(),
        "by_file": {name: evaluate.summary(evaluate.tally(part, threshold)) for name, part in predictions.items()},
        "handwritten": evaluate.summary(hand),
        "handwritten_by_label": hand.as_json(),
        "documents": {name: len(part) for name, part in predictions.items()} | {"handwritten": len(by_hand)},
        "sweep": sweep,
        "windows_per_second_2_threads_while_measuring": round(windows / seconds, 1),
    }


def training_record(data: Path, used: Mapping[str, int], seed: int, run: Path) -> dict[str, Any]:
    """Return what the weights were made from: digest, licence and windows of every file."""
    files: dict[str, Any] = {}
    for source in SOURCES:
        with gzip.open(data / source.path, "rb") as lines:
            count = sum(1 for _ in lines)
        files[source.path] = {
            "sha256": export.sha256(data / source.path),
            "rows": count,
            "windows_used": used.get(source.path, 0),
            "licence": source.licence,
        }
    generated = {
        name: {"windows_used": count, "licence": "our own"} for name, count in used.items() if name not in files
    }
    return {
        "seed": seed,
        "command": "python -m models.entities.train --data DIR",
        "plan": str(plan(seed, 2)),
        "log": (run / "log.txt").read_text("utf-8").splitlines()[-1:],
        "data": files | generated,
    }


def main() -> None:
    """Train, export, measure, and write the card and the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with phi/ and injection/")
    parser.add_argument(
        "--run", type=Path, default=Path(".runs/entities"), help="checkpoint and log (default %(default)s)"
    )
    parser.add_argument("--folder", type=Path, default=HERE, help="model folder to write (default: this one)")
    parser.add_argument("--seed", type=int, default=17, help="seed of sampling, generator and weights (default 17)")
    parser.add_argument("--threads", type=int, default=2, help="cores to train on (default 2)")
    parser.add_argument("--no-resume", action="store_true", help="start over instead of going on with the checkpoint")
    parser.add_argument("--measure-only", action="store_true", help="keep the weights, measure again")
    options = parser.parse_args()
    if not options.measure_only:
        module, used = fit(
            options.data, options.run, seed=options.seed, threads=options.threads, resume=not options.no_resume
        )
        (options.run / "used.json").write_text(json.dumps(used), "utf-8")
        export_model(module, options.run, options.folder)
    thresholds, metrics = measure(options.data, options.folder)
    used = json.loads((options.run / "used.json").read_text("utf-8"))
    training = training_record(options.data, used, options.seed, options.run)
    size = (options.folder / "model.onnx").stat().st_size
    (options.folder / "CARD.md").write_text(card.write(thresholds, metrics, training, size), "utf-8")
    export.write_manifest(
        options.folder,
        name="entities",
        task="token-classification",
        window={"tokens": WINDOW, "overlap": OVERLAP},
        token_types="word-shape",
        calibration={},
        thresholds=thresholds,
        training=training,
        metrics=metrics,
    )
    print(
        json.dumps(
            {"thresholds": thresholds, "split": metrics["split"], "handwritten": metrics["handwritten"]}, indent=2
        )
    )


if __name__ == "__main__":
    main()
