"""The rounds of training: which windows each sees, for how long, at which rate."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from models.injection import compose, curriculum, mining, sources
from models.training import backbone, loop
from models.training.loop import Window


@dataclass(frozen=True, slots=True)
class Round:
    """One pass: a draw of windows by `seed`, of which `steps` batches of 32 are used.

    `generated` is the number of rows from the grammar, `written` that of rows made of the written texts, `clean` what
    the caps of clean collected rows are multiplied by. With `pool` so many windows are drawn first, and `hard` is the
    share of the round that are those of them that the model so far finds hardest. `words` lets the word vectors learn,
    too, which scripts need that the backbone knows by letters only. `waves` is how many waves of written texts are used.
    """

    seed: int
    generated: int
    steps: int
    rate: float
    windows: int = 30_000
    written: int = 0
    clean: float = 1.0
    words: bool = False
    waves: int = 1
    pool: int = 0
    hard: float = 0.0


# First the collected data and the grammar; then the written texts in the foreground; then the grammar and more clean
# texts again, for what the second round unlearned; last what is still hard.
ROUNDS = (
    Round(17, 16_000, 937, 1.2e-4),
    Round(43, 6_000, 1875, 1.2e-4, windows=60_000, written=34_000),
    Round(59, 24_000, 900, 1e-4, windows=28_800, written=14_000, clean=3.0, words=True),
    Round(
        71, 14_000, 1100, 9e-5, windows=35_200, written=26_000, clean=3.0, words=True, waves=2, pool=64_000, hard=0.4
    ),
)
# The shipped weights are the mean of these rounds' (counted from 1): rounds that see different texts err in different
# places, and their mean is better on texts of neither kind than any of them.
AVERAGED = (2, 3, 4)
POOL = "pool.npy"  # margins of the pool of the last round
WRONG_LABELS = 0.01  # share of each class that is taken for mislabelled when the hardest are sought


def draw(tokenizer: Tokenizer, data: Path, turn: Round) -> list[Window]:
    """Return the windows of a round, or its pool."""
    rows = sources.load(data, clean=turn.clean)
    shelves = curriculum.library(waves=turn.waves) if turn.written else None

    def written(rng: random.Random, carriers: Sequence[sources.Row]) -> list[sources.Row]:
        return [] if shelves is None else curriculum.rows(rng, shelves, carriers, turn.written)

    return compose.training_set(
        tokenizer,
        rows,
        sources.phrases_of(data),
        seed=turn.seed,
        count=turn.pool or turn.windows,
        generated=turn.generated,
        written=written if turn.written else None,
    )


def average(model: backbone.SpanClassifier, checkpoints: Sequence[Path]) -> None:
    """Give a model the mean of the weights of several checkpoints."""
    states = [torch.load(path, weights_only=True)["model"] for path in checkpoints]
    model.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})


def fit(
    model: backbone.SpanClassifier,
    tokenizer: Tokenizer,
    data: Path,
    turn: Round,
    run: Path,
    *,
    threads: int = 2,
    share: float = 1.0,
    resume: bool = True,
) -> None:
    """Train one round in place, or go on with its checkpoint. `share` shortens it, for a pilot."""
    windows = draw(tokenizer, data, turn)
    if turn.pool:
        run.mkdir(parents=True, exist_ok=True)
        found = mining.remembered(run / POOL, model, windows, threads=threads)
        windows = mining.hardest(
            windows, found, count=turn.windows, share=turn.hard, noise=WRONG_LABELS, seed=turn.seed
        )
    print(f"{run.name}: {len(windows)} windows", dict(Counter(window.target for window in windows)), flush=True)
    model.encoder.embeddings.word_embeddings.weight.requires_grad = turn.words
    plan = loop.Plan(rate=turn.rate, seed=turn.seed, threads=threads)
    steps = max(1, round(turn.steps * share))
    loop.train(model, windows, plan, run, loss=loop.with_marks(plan), resume=resume, steps=steps)
