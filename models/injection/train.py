"""Rebuilds the injection classifier: data to a verified model folder.

python -m models.injection.train --data DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from models.injection import compose, evaluate, rounds, sources
from models.training import backbone, export, heads

FOLDER = Path(__file__).parent
LABELS = ("BENIGN", "INJECTION")


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
    parser.add_argument(
        "--stage",
        choices=("all", "fit", "export"),
        default="all",
        help="fit: train only; export: only what follows training",
    )
    return parser.parse_args()


def main() -> None:
    """Train, export, measure, calibrate and write the folder."""
    given = arguments()
    torch.set_num_threads(given.threads)
    tokenizer = backbone.load_tokenizer()
    torch.manual_seed(rounds.ROUNDS[0].seed)
    model = heads.SpanClassifier(backbone.load_encoder(), len(LABELS))
    runs = [given.runs / f"{given.name}-{number}" for number in range(1, len(rounds.ROUNDS) + 1)]
    for number, (turn, run) in enumerate(zip(rounds.ROUNDS, runs, strict=True)) if given.stage != "export" else ():
        if turn.from_mean:
            rounds.average(model, runs[:number])
        rounds.fit(
            model,
            tokenizer,
            given.data,
            turn,
            run,
            threads=given.threads,
            share=given.share,
            resume=not given.no_resume,
        )
    if given.stage == "fit":
        return
    given.out.mkdir(parents=True, exist_ok=True)
    last = runs[-1]
    rounds.average(model, runs)
    model.eval()
    graphs = evaluate.Exported(*(last / name for name in ("fp32.onnx", "whole.onnx", "first.onnx", "rest.onnx")))
    export.to_onnx(heads.Whole(model), graphs.floating)
    export.to_int8(graphs.floating, graphs.whole)
    parts = last / "first.fp32.onnx", last / "rest.fp32.onnx"
    export.to_onnx_parts(model, *parts)
    for floating, small in zip(parts, (graphs.first, graphs.last), strict=True):
        export.to_int8(floating, small)
    export.write_tokenizer(given.out, LABELS, "sequence-classification", window=compose.SIZE)
    command = "python -m models.injection.train --data DIR" + ("" if given.share == 1 else f" --share {given.share}")
    evaluate.finish(
        given.data,
        given.out,
        graphs,
        sources.load(given.data),
        sources.phrases_of(given.data),
        seed=rounds.ROUNDS[0].seed,
        command=command,
    )


if __name__ == "__main__":
    main()
