"""The rounds of training: which windows each sees, for how long, at which rate."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from models.injection import compose, curriculum, sources
from models.training import heads, loop
from models.training.loop import Window


@dataclass(frozen=True, slots=True)
class Round:
    """One pass: a draw of windows by `seed`, of which `steps` batches of 32 are used, at a falling `rate`.

    `generated` is the number of rows from the grammar, `written` that of rows made of the written texts, `clean` what
    the caps of clean collected rows are multiplied by. With `words` the word vectors learn, too: they come from four
    bits a number, and those of common words are better for it. `later` is whether the written texts of the second wave
    are among them, `wishes` whether what users ask for is planted in data as an attack. With `from_mean` the
    round starts from the mean of the weights of all rounds before, not from the last of them.
    """

    seed: int
    windows: int
    steps: int
    rate: float
    generated: int
    written: int
    clean: float = 1.0
    words: bool = False
    later: bool = True
    wishes: bool = False
    from_mean: bool = False


# First everything that was collected, beside the written texts; then mostly what was written, and many clean texts; then
# the grammar and what was collected twice more, which the second round had half unlearned.
ROUNDS = (
    Round(101, windows=64_000, steps=2000, rate=2e-4, generated=14_000, written=26_000, clean=2.0, later=False),
    Round(131, windows=88_000, steps=2750, rate=1.5e-4, generated=10_000, written=52_000, clean=3.0, words=True),
    Round(
        149,
        windows=34_000,
        steps=1060,
        rate=1.2e-4,
        generated=26_000,
        written=14_000,
        clean=2.0,
        words=True,
        wishes=True,
    ),
    Round(
        163,
        windows=24_000,
        steps=750,
        rate=1e-4,
        generated=40_000,
        written=7_000,
        clean=1.5,
        words=True,
        wishes=True,
        from_mean=True,
    ),
)

# The shipped weights are the mean of all rounds': rounds that see different texts err in different places.


def draw(tokenizer: Tokenizer, data: Path, turn: Round) -> list[Window]:
    """Return the windows of a round."""
    rows = sources.load(data, clean=turn.clean)
    shelves = curriculum.library(later=turn.later, wishes=turn.wishes)

    def written(rng: random.Random, carriers: Sequence[sources.Row]) -> list[sources.Row]:
        return curriculum.rows(rng, shelves, carriers, turn.written)

    return compose.training_set(
        tokenizer,
        rows,
        sources.phrases_of(data),
        seed=turn.seed,
        count=turn.windows,
        generated=turn.generated,
        written=written,
    )


def average(model: heads.SpanClassifier, runs: Sequence[Path]) -> None:
    """Give a model the mean of the weights of several rounds, by the folders of their checkpoints."""
    states = [torch.load(run / "checkpoint.pt", weights_only=True)["model"] for run in runs]
    model.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})


def fit(
    model: heads.SpanClassifier,
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
    print(f"{run.name}: {len(windows)} windows", dict(Counter(window.target for window in windows)), flush=True)
    model.encoder.embeddings.word_embeddings.weight.requires_grad = turn.words
    plan = loop.Plan(rate=turn.rate, seed=turn.seed, threads=threads)
    steps = max(1, round(turn.steps * share))
    loop.train(model, windows, plan, run, loss=loop.with_marks(plan), resume=resume, steps=steps)
