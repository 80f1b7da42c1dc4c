"""A user's texts as training windows, and the written texts that are replayed beside them and measured on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from tokenizers import Tokenizer

from firewall.check.labelled import SURFACES, Labelled
from models.injection import compose, curriculum
from models.injection.curriculum import Library
from models.injection.sources import Row
from models.training.loop import Window

OWN: Final = "own"
WRITTEN: Final = 500  # rows made of the written texts that are kept from training, to see what was forgotten
_LEAST_SHARE: Final = 0.25  # positives weigh so much that they count at least this share among a user's windows,
_MOST_WEIGHT: Final = 8.0  # but none of them more than so many harmless ones


def as_rows(rows: Sequence[Labelled]) -> list[Row]:
    """Return a user's texts as the recipes know rows; scarce injections weigh more."""
    share = sum(row.label for row in rows) / max(1, len(rows))
    weight = min(_MOST_WEIGHT, max(1.0, _LEAST_SHARE * (1 - share) / max(1e-9, share * (1 - _LEAST_SHARE))))
    return [
        Row(row.text, row.label, row.span, row.surface, OWN, row.group, weight if row.label else 1.0) for row in rows
    ]


def carriers(shelves: Library) -> list[Row]:
    """Return the written documents as texts that passages can be put into."""
    return [Row(text, 0, None, "document", curriculum.FILE, "") for text in shelves.documents]


def mixture(tokenizer: Tokenizer, rows: Sequence[Labelled], *, epochs: int, share: float, seed: int) -> list[Window]:
    """Return the windows of all passes: each pass cuts the user's texts anew and adds a share of fresh replay.

    Replay is made of the written texts alone, in which attacks and look-alikes are also put into harmless texts of the
    user, so that the model meets attacks of every kind in the user's own surroundings.
    """
    mine = as_rows(rows)
    shelves = curriculum.library()
    around = [row for row in mine if row.label == 0] + carriers(shelves)
    windows: list[Window] = []
    for epoch in range(epochs):
        rng = random.Random(f"{seed}:{epoch}")
        own = compose.windows(rng, tokenizer, mine)
        count = round(len(own) * share / (1 - share))
        replayed = compose.windows(rng, tokenizer, curriculum.rows(rng, shelves, around, count))
        rng.shuffle(replayed)
        windows += own + replayed[:count]
    return windows


def kept_texts(seed: int) -> list[Labelled]:
    """Return rows made of written texts that neither the shipped recipe nor tuning learns from; lines count from 1."""
    shelves = curriculum.library(kept=True)
    made = curriculum.rows(random.Random(seed + 2), shelves, carriers(shelves), WRITTEN)
    return [
        Labelled(
            row.text, row.label, row.span, row.surface if row.surface in SURFACES else "tool_result", at, row.group
        )
        for at, row in enumerate(made, 1)
    ]
