"""Rebuild the entity model: weights, tokenizer, manifest and the figures of its card.

    python -m models.entities.train --data DIR                    the whole road; goes on where it was stopped
    python -m models.entities.train --data DIR --no-resume        from the start
    python -m models.entities.train --data DIR --measure-only     keep the weights; thresholds, figures, card again

DIR holds `phi/` and `injection/`. The run's checkpoint and log lie in --run. The shipped run took 49 minutes on two
cores that other work shared.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from firewall.inference.shapes import SHAPES
from models.entities import card, evaluate, thresholds
from models.entities.corpus import OVERLAP, SOURCES, WINDOW
from models.entities.fit import NOTE, fit, plan
from models.entities.labels import LABELS
from models.training import export

HERE: Final = Path(__file__).parent
_BY_HAND: Final = "handwritten"
_APART: Final = ("generated_people", "generated_lookalikes", "tech_docs", "code_snippets", _BY_HAND)
_CLEAN: Final = ("biomed_negatives", "generated_lookalikes", "tech_docs", "code_snippets")


def export_model(module: Any, run: Path, folder: Path) -> None:
    """Write the ONNX file, the tokenizer and the config."""
    export.to_onnx(module, run / "model.fp32.onnx")
    export.to_int8(run / "model.fp32.onnx", folder / "model.onnx")
    export.write_tokenizer(folder, LABELS, "token-classification", token_types=SHAPES, window=WINDOW)


def predict_all(data: Path, folder: Path) -> tuple[dict[str, list[evaluate.Predicted]], float]:
    """Run the exported model over every document that training did not see; return windows a second beside it."""
    session, tokenizer = evaluate.open_model(folder / "model.onnx")
    documents = evaluate.held_out_documents(data)
    documents[_BY_HAND] = evaluate.handwritten(folder / "dev_handwritten.jsonl")
    begin = time.perf_counter()
    predictions = {name: evaluate.predict(session, tokenizer, part) for name, part in documents.items()}
    seconds = time.perf_counter() - begin
    windows = sum(len(evaluate.windows_of(one.document)) for part in predictions.values() for one in part)
    return predictions, windows / seconds


def measure(
    predictions: Mapping[str, list[evaluate.Predicted]], speed: float
) -> tuple[dict[str, float], dict[str, Any]]:
    """Choose the thresholds and return them with every figure."""
    split = [one for name, part in predictions.items() if name not in _APART for one in part]
    clean = [one for name in _CLEAN for one in predictions[name]]
    chosen, sweep = thresholds.choose(split, clean, predictions[_BY_HAND])
    counted, hand = evaluate.tally(split, chosen), evaluate.tally(predictions[_BY_HAND], chosen)
    return chosen, {
        "split": evaluate.summary(counted),
        "split_by_label": counted.as_json(),
        "by_file": {name: evaluate.summary(evaluate.tally(part, chosen)) for name, part in predictions.items()},
        "handwritten_by_label": hand.as_json(),
        "documents": {name: len(part) for name, part in predictions.items()},
        "thresholds": sweep,
        "windows_per_second": round(speed, 1),
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
        "notes": [NOTE],
        "log": (run / "log.txt").read_text("utf-8").splitlines()[-1:],
        "data": files | generated,
    }


def write_folder(
    data: Path, run: Path, folder: Path, seed: int, chosen: Mapping[str, float], metrics: Mapping[str, Any]
) -> None:
    """Write the card and the manifest over the files that lie in the folder."""
    used = json.loads((run / "used.json").read_text("utf-8"))
    training = training_record(data, used, seed, run)
    size = (folder / "model.onnx").stat().st_size
    (folder / "CARD.md").write_text(card.write(chosen, metrics, training, size), "utf-8")
    export.write_manifest(
        folder,
        name="entities",
        task="token-classification",
        window={"tokens": WINDOW, "overlap": OVERLAP},
        token_types="word-shape",
        calibration={},
        thresholds=chosen,
        training=training,
        metrics=metrics,
    )


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
    chosen, metrics = measure(*predict_all(options.data, options.folder))
    write_folder(options.data, options.run, options.folder, options.seed, chosen, metrics)
    print(json.dumps({"thresholds": chosen, "split": metrics["split"], "by_file": metrics["by_file"]}, indent=2))


if __name__ == "__main__":
    main()
