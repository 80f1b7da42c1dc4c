"""The training run: which windows, in which proportion, and how the encoder is fitted to them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from torch import nn

from firewall.inference.shapes import SHAPES
from models.entities.corpus import SOURCES, choose, encode, rows
from models.entities.generator import generate
from models.entities.labels import LABELS
from models.training import backbone
from models.training.loop import Plan, Window, train

PEOPLE_DOCUMENTS: Final = 11000
LOOKALIKE_DOCUMENTS: Final = 6500
PEOPLE_WINDOWS: Final = 11000
LOOKALIKE_WINDOWS: Final = 6000
# A missed entity costs more than a false one; the threshold is chosen afterwards on the held-out split.
ENTITY_WEIGHT: Final = 1.5


def build_windows(data: Path, seed: int) -> tuple[list[Window], dict[str, int]]:
    """Return the training windows in random order and how many came from each file or generator."""
    tokenizer = backbone.load_tokenizer()
    windows: list[Window] = []
    used: dict[str, int] = {}
    for source in SOURCES:
        kept = [example for example, held in rows(data, source) if not held]
        chosen = choose(tokenizer, encode(tokenizer, kept), source.windows, seed)
        used[source.path] = len(chosen)
        windows += chosen
    made = (
        ("generated_people", PEOPLE_DOCUMENTS, 1.0, PEOPLE_WINDOWS),
        ("generated_lookalikes", LOOKALIKE_DOCUMENTS, 0.0, LOOKALIKE_WINDOWS),
    )
    for place, (name, documents, people, most) in enumerate(made):
        examples = list(generate(data / "phi", seed * 10 + place, documents, people))
        chosen = choose(tokenizer, encode(tokenizer, examples), most, seed)
        used[name] = len(chosen)
        windows += chosen
    random.Random(seed).shuffle(windows)
    return windows, used


def fresh_model() -> backbone.TokenClassifier:
    """Return the encoder with six token types and a fresh head over the labels."""
    return backbone.TokenClassifier(backbone.load_encoder(token_types=SHAPES, dropout=0.0), len(LABELS))


def plan(seed: int, threads: int) -> Plan:
    """Return how the model is trained."""
    weights = (1.0, *[ENTITY_WEIGHT] * (len(LABELS) - 1))
    return Plan(rate=2e-4, head_rate=1e-3, seed=seed, threads=threads, class_weights=weights, log_every=50)


def fit(data: Path, run: Path, *, seed: int, threads: int, resume: bool) -> tuple[nn.Module, dict[str, int]]:
    """Train, or go on with the checkpoint in `run`; return the model and the windows used by source."""
    windows, used = build_windows(data, seed)
    module = fresh_model()
    return train(module, windows, plan(seed, threads), run, resume=resume), used
