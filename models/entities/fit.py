"""The training run: which windows, in which proportion, and how the encoder is fitted to them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Final

from torch import nn

from firewall.inference.shapes import SHAPES
from models.entities import written
from models.entities.corpus import SOURCES, choose, encode, held_out, rows
from models.entities.generator import generate
from models.entities.labels import LABELS
from models.entities.values import World
from models.training import backbone, heads
from models.training.loop import Plan, Window, train

PEOPLE_DOCUMENTS: Final = 5000
LOOKALIKE_DOCUMENTS: Final = 3600
PEOPLE_WINDOWS: Final = 5000
LOOKALIKE_WINDOWS: Final = 3200
WRITTEN_DOCUMENTS: Final = 7500
WRITTEN_WINDOWS: Final = 10_000
# A missed entity costs more than a false one; the threshold is chosen afterwards on the held-out split.
ENTITY_WEIGHT: Final = 1.5
NOTE: Final = "Towns that Faker makes up depend on PYTHONHASHSEED."


def build_windows(data: Path, seed: int) -> list[tuple[str, Window]]:
    """Return the windows to choose from, in random order, each with the file or generator it came from."""
    tokenizer = backbone.load_tokenizer()
    windows: list[tuple[str, Window]] = []
    for source in SOURCES:
        kept = [example for example, held in rows(data, source) if not held]
        chosen = choose(encode(tokenizer, kept), source.windows, seed)
        windows += [(source.path, one) for one in chosen]
    made = (
        ("generated_people", PEOPLE_DOCUMENTS, 1.0, PEOPLE_WINDOWS),
        ("generated_lookalikes", LOOKALIKE_DOCUMENTS, 0.0, LOOKALIKE_WINDOWS),
    )
    for place, (name, documents, people, most) in enumerate(made):
        examples = list(generate(data / "phi", seed * 10 + place, documents, people))
        chosen = choose(encode(tokenizer, examples), most, seed)
        windows += [(name, one) for one in chosen]
    learned = tuple(text for text in written.documents() if not held_out(text))
    world = World(data / "phi" / "carriers", seed * 10 + len(made))
    examples = list(written.examples(world, WRITTEN_DOCUMENTS, learned))
    windows += [(written.SOURCE, one) for one in choose(encode(tokenizer, examples), WRITTEN_WINDOWS, seed)]
    random.Random(seed).shuffle(windows)
    return windows


def training_windows(data: Path, plan_: Plan) -> tuple[list[Window], dict[str, int]]:
    """Return the windows, and how many of them came from each source."""
    windows = build_windows(data, plan_.seed)
    used = Counter(name for name, _ in windows)
    return [one for _, one in windows], dict(sorted(used.items()))


def fresh_model() -> heads.TokenClassifier:
    """Return the encoder with six token types and a fresh head over the labels; dropout would halve the speed."""
    return heads.TokenClassifier(backbone.load_encoder(token_types=SHAPES, freeze_words=False), len(LABELS))


def plan(seed: int, threads: int) -> Plan:
    """Return how the model is trained."""
    weights = (1.0, *[ENTITY_WEIGHT] * (len(LABELS) - 1))
    return Plan(rate=2e-4, head_rate=1e-3, seed=seed, threads=threads, class_weights=weights, log_every=50)


def fit(data: Path, run: Path, *, seed: int, threads: int, resume: bool) -> tuple[nn.Module, dict[str, int]]:
    """Train, or go on with the checkpoint in `run`; return the model and the windows used by source."""
    chosen = plan(seed, threads)
    windows, used = training_windows(data, chosen)
    return train(fresh_model(), windows, chosen, run, resume=resume), used
