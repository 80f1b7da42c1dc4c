r"""Whole tool results written for this model: clean ones, and ones with the attacker's passage marked as `⟦...⟧`.

An attacked document is worth three: as it was written, with another passage in the same place, and without any. So the
place and the surroundings say nothing, and only the passage does.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from models.injection import written_texts

OPEN, CLOSE = "⟦", "⟧"
Made = tuple[str, int, tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class Attacked:
    """A document in three parts: what stands before the attacker's passage, the passage, what stands behind it."""

    before: str = field(repr=False)
    passage: str = field(repr=False)
    behind: str = field(repr=False)


def attacked(items: Sequence[str]) -> tuple[Attacked, ...]:
    """Read marked documents.

    Raises:
        ValueError: if a document does not hold exactly one marked passage.
    """
    found = []
    for item in items:
        before, opened, rest = item.partition(OPEN)
        passage, closed, behind = rest.partition(CLOSE)
        if not opened or not closed or OPEN in rest or CLOSE in behind:
            raise ValueError("an attacked document holds exactly one passage between its marks")
        found.append(Attacked(before, passage, behind))
    return tuple(found)


def hostile(rng: random.Random, one: Attacked, other: Callable[[], str]) -> Made:
    """Return a document with an attack in it: its own in two of three cases, else one that `other` gives."""
    passage = one.passage if rng.random() < 0.67 else _dressed(rng, one.passage, other())
    return _assembled(rng, one, written_texts.loosened(rng, written_texts.filled(rng, passage)), 1)


def harmless(rng: random.Random, one: Attacked, other: Callable[[], str]) -> Made:
    """Return the document without its attack, or with a harmless passage that `other` gives in its place."""
    passage = "" if rng.random() < 0.6 else other()
    return _assembled(rng, one, passage, 0)


def plain(rng: random.Random, text: str) -> Made:
    """Return a clean document, now and then as the value of a field."""
    return _assembled(rng, Attacked(text, "", ""), "", 0)


def _dressed(rng: random.Random, model: str, passage: str) -> str:
    """Give a passage the line breaks around that the one in its place had."""
    lead = model[: len(model) - len(model.lstrip())]
    tail = model[len(model.rstrip()) :]
    return f"{lead}{passage}{tail}" if rng.random() < 0.8 else passage


def _assembled(rng: random.Random, one: Attacked, passage: str, label: int) -> Made:
    parts = [written_texts.filled(rng, part) for part in (one.before, passage, one.behind)]
    way = rng.random()
    if way < 0.12:
        parts = [json.dumps(part, ensure_ascii=rng.random() < 0.3)[1:-1] for part in parts]
        name = rng.choice(("result", "content", "text", "body", "data", "output", "value", "message"))
        parts = [f'{{"{name}": "{parts[0]}', parts[1], f'{parts[2]}"}}']
    elif way < 0.20:
        parts = [part.replace("\n", " ") for part in parts]
    start = len(parts[0])
    span = (start, start + len(parts[1])) if label else None
    return "".join(parts), label, span
