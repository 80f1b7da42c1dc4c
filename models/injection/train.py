"""Rebuilds the injection classifier: data to a verified model folder.

    python -m models.injection.train --data DIR
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import torch

from models.injection import compose, evaluate, sources
from models.training import backbone, export, loop

FOLDER = Path(__file__).parent
LABELS = ("BENIGN", "INJECTION")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m models.injection.train",
        description="Train the injection classifier on a folder of labelled JSON Lines files and write the model folder.",
        epilog="examples:\n"
        "  python -m models.injection.train --data data/injection\n"
        "  python -m models.injection.train --data data/injection --windows 2000 --out build/pilot --name pilot\n"
        "  python -m models.injection.train --data data/injection --stage export   (weights from the last checkpoint)\n"
        "An interrupted run goes on where it was when the same command is given again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with *.jsonl.gz and dev/*.jsonl.gz")
    parser.add_argument("--out", type=Path, default=FOLDER, help="model folder to write (default: this one)")
    parser.add_argument("--runs", type=Path, default=Path(".runs"), help="folder for checkpoints (default: .runs)")
    parser.add_argument("--name", default="injection", help="name of the run below --runs")
    parser.add_argument("--windows", type=int, default=30_000, help="training windows (default: 30000)")
    parser.add_argument("--generated", type=int, default=16_000, help="generated rows (default: 16000)")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop after so many steps of 32 windows (default: all windows)")
    parser.add_argument("--rate", type=float, default=1.2e-4, help="peak learning rate of the encoder")
    parser.add_argument("--start", type=Path, help="checkpoint whose weights to start from, to train on other windows")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-resume", action="store_true", help="start anew even if there is a checkpoint")
    parser.add_argument("--stage", choices=("all", "export"), default="all", help="export: no training steps")
    return parser.parse_args()


def main() -> None:
    """Train, export, measure, calibrate and write the folder."""
    given = arguments()
    torch.set_num_threads(given.threads)
    tokenizer = backbone.load_tokenizer()
    rows = sources.load(given.data)
    phrases = sources.phrases_of(given.data)
    torch.manual_seed(given.seed)
    model = backbone.SequenceClassifier(backbone.load_encoder(), len(LABELS))
    run = given.runs / given.name
    if given.start is not None:
        model.load_state_dict(torch.load(given.start, weights_only=True)["model"])
    if given.stage == "export":
        model.load_state_dict(torch.load(run / "checkpoint.pt", weights_only=True)["model"])
    else:
        data = compose.training_set(
            tokenizer, rows, phrases, seed=given.seed, count=given.windows, generated=given.generated
        )
        lengths = [len(window.ids) for window in data]
        print(f"{len(rows)} rows, {len(data)} windows, mean {sum(lengths) / len(data):.0f} tokens")
        print("labels", dict(Counter(window.target for window in data)), flush=True)
        plan = loop.Plan(epochs=given.epochs, rate=given.rate, seed=given.seed, threads=given.threads)
        loop.train(model, data, plan, run, resume=not given.no_resume, steps=given.steps)
    given.out.mkdir(parents=True, exist_ok=True)
    floating = run / "model.fp32.onnx"
    export.to_onnx(model, floating)
    export.to_int8(floating, given.out / "model.onnx")
    export.write_tokenizer(given.out, LABELS, "sequence-classification", window=compose.SIZE)
    command = (
        f"python -m models.injection.train --data DIR --windows {given.windows} --generated {given.generated} "
        f"--epochs {given.epochs} --rate {given.rate} --seed {given.seed}"
        + (f" --steps {given.steps}" if given.steps else "")
    )
    evaluate.finish(given.data, given.out, floating, rows, phrases, seed=given.seed, command=command)


if __name__ == "__main__":
    main()
