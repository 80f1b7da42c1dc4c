"""Rebuilds the injection classifier: data to a verified model folder.

python -m models.injection.train --data DIR
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from models.injection import compose, evaluate, sources
from models.training import backbone, export, loop

FOLDER = Path(__file__).parent
LABELS = ("BENIGN", "INJECTION")


@dataclass(frozen=True, slots=True)
class Round:
    """One pass: a draw of windows by `seed`, with so many generated rows, of which `steps` batches of 32 are used."""

    seed: int
    generated: int
    steps: int
    rate: float
    windows: int = 30_000


# The second round goes on from the first with another draw and more generated rows, at a lower rate.
ROUNDS = (Round(17, 16_000, 680, 1.2e-4), Round(29, 26_000, 330, 8e-5))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m models.injection.train",
        description="Train the injection classifier on a folder of labelled JSON Lines files and write the model folder.",
        epilog="examples:\n"
        "  python -m models.injection.train --data data/injection\n"
        "  python -m models.injection.train --data data/injection --share 0.05 --name pilot --out build/pilot\n"
        "  python -m models.injection.train --data data/injection --stage export   (weights from the last checkpoint)\n"
        "An interrupted run goes on where it was when the same command is given again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with *.jsonl.gz and dev/*.jsonl.gz")
    parser.add_argument("--out", type=Path, default=FOLDER, help="model folder to write (default: this one)")
    parser.add_argument("--runs", type=Path, default=Path(".runs"), help="folder for checkpoints (default: .runs)")
    parser.add_argument("--name", default="injection", help="name of the run below --runs")
    parser.add_argument("--share", type=float, default=1.0, help="share of the steps of each round, for a pilot")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-resume", action="store_true", help="start anew even if there are checkpoints")
    parser.add_argument("--stage", choices=("all", "export"), default="all", help="export: no training steps")
    return parser.parse_args()


def main() -> None:
    """Train, export, measure, calibrate and write the folder."""
    given = arguments()
    torch.set_num_threads(given.threads)
    tokenizer = backbone.load_tokenizer()
    rows = sources.load(given.data)
    phrases = sources.phrases_of(given.data)
    torch.manual_seed(ROUNDS[0].seed)
    model = backbone.SequenceClassifier(backbone.load_encoder(), len(LABELS))
    runs = [given.runs / f"{given.name}-{number}" for number in range(1, len(ROUNDS) + 1)]
    if given.stage == "export":
        model.load_state_dict(torch.load(runs[-1] / "checkpoint.pt", weights_only=True)["model"])
    else:
        for turn, run in zip(ROUNDS, runs, strict=True):
            fit(model, tokenizer, rows, phrases, turn, run, given)
    given.out.mkdir(parents=True, exist_ok=True)
    floating = runs[-1] / "model.fp32.onnx"
    export.to_onnx(model, floating)
    export.to_int8(floating, given.out / "model.onnx")
    export.write_tokenizer(given.out, LABELS, "sequence-classification", window=compose.SIZE)
    command = "python -m models.injection.train --data DIR" + ("" if given.share == 1 else f" --share {given.share}")
    evaluate.finish(given.data, given.out, floating, rows, phrases, seed=ROUNDS[0].seed, command=command)


def fit(
    model: backbone.SequenceClassifier,
    tokenizer: Tokenizer,
    rows: list[sources.Row],
    phrases: list[str],
    turn: Round,
    run: Path,
    given: argparse.Namespace,
) -> None:
    """Train one round in place, or go on with its checkpoint."""
    data = compose.training_set(tokenizer, rows, phrases, seed=turn.seed, count=turn.windows, generated=turn.generated)
    print(
        f"{run.name}: {len(rows)} rows, {len(data)} windows",
        dict(Counter(window.target for window in data)),
        flush=True,
    )
    plan = loop.Plan(rate=turn.rate, seed=turn.seed, threads=given.threads)
    steps = max(1, round(turn.steps * given.share))
    loop.train(model, data, plan, run, resume=not given.no_resume, steps=steps)


if __name__ == "__main__":
    main()
