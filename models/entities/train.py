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
from models.entities import card, evaluate, thresholds
from models.entities.corpus import OVERLAP, SOURCES, WINDOW
from models.entities.fit import fit, plan
from models.entities.labels import LABELS
from models.training import export

HERE: Final = Path(__file__).parent
_APART: Final = ("generated_people", "generated_lookalikes", "tech_docs", "code_snippets")


def export_model(module: Any, run: Path, folder: Path) -> None:
    """Write the ONNX file, the tokenizer and the config."""
    export.to_onnx(module, run / "model.fp32.onnx")
    export.to_int8(run / "model.fp32.onnx", folder / "model.onnx")
    export.write_tokenizer(folder, LABELS, "token-classification", token_types=SHAPES, window=WINDOW)


def measure(data: Path, folder: Path) -> tuple[dict[str, float], dict[str, Any]]:
    """Choose the thresholds on documents that training did not see and return them with every figure."""
    session, tokenizer = evaluate.open_model(folder / "model.onnx")
    documents = evaluate.held_out_documents(data)
    begin = time.perf_counter()
    predictions = {name: evaluate.predict(session, tokenizer, part) for name, part in documents.items()}
    seconds = time.perf_counter() - begin
    by_hand = evaluate.predict(session, tokenizer, evaluate.handwritten(folder / "dev_handwritten.jsonl"))
    split = [one for name, part in predictions.items() if name not in _APART for one in part]
    more = [one for name in _APART for one in predictions[name]] + by_hand
    chosen, sweep = thresholds.choose(split, predictions["biomed_negatives"], more)
    counted = evaluate.tally(split, chosen)
    hand = evaluate.tally(by_hand, chosen)
    windows = sum(len(evaluate.windows_of(one.document)) for part in predictions.values() for one in part)
    return chosen, {
        "split": evaluate.summary(counted),
        "split_by_label": counted.as_json(),
        "by_file": {name: evaluate.summary(evaluate.tally(part, chosen)) for name, part in predictions.items()},
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
    chosen, metrics = measure(options.data, options.folder)
    used = json.loads((options.run / "used.json").read_text("utf-8"))
    training = training_record(options.data, used, options.seed, options.run)
    size = (options.folder / "model.onnx").stat().st_size
    (options.folder / "CARD.md").write_text(card.write(chosen, metrics, training, size), "utf-8")
    export.write_manifest(
        options.folder,
        name="entities",
        task="token-classification",
        window={"tokens": WINDOW, "overlap": OVERLAP},
        token_types="word-shape",
        calibration={},
        thresholds=chosen,
        training=training,
        metrics=metrics,
    )
    print(
        json.dumps({"thresholds": chosen, "split": metrics["split"], "handwritten": metrics["handwritten"]}, indent=2)
    )


if __name__ == "__main__":
    main()
