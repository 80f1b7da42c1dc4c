"""Rows and generated sentences to training windows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from firewall.inference.windows import Tokens, cut, tokenize
from models.injection import generator
from models.injection.sources import Row, digest
from models.training.backbone import BEGIN, END
from models.training.loop import IGNORED, Window

SIZE, OVERLAP = 128, 32
CONTENT = SIZE - 2  # a window also holds the first and the last special token
HOLDOUT_SHARE = 0.06
CARRIERS = {"tool_result", "document", "email", "web", "code", "tool_args"}


def held_out(row: Row) -> bool:
    """Tell whether a row belongs to the holdout; all rows of a document fall on the same side."""
    return digest("holdout:" + row.group) % 10_000 < HOLDOUT_SHARE * 10_000


def planted(rng: random.Random, carriers: Sequence[Row], phrases: Sequence[str], count: int) -> list[Row]:
    """Return rows in which an attack, or just as often a harmless sentence, was put into a benign text.

    The harmless ones are put in the same way into the same kind of text, so that the seam itself says nothing.
    """
    rows = []
    for number in range(count):
        hostile = rng.random() < 0.55
        if hostile:
            text = rng.choice(phrases) if rng.random() < 0.15 else generator.attack(rng)
        elif rng.random() < 0.72:
            text = generator.decoy(rng)
        else:
            text = excerpt(rng, rng.choice(carriers).text, 30, 200)
        if not text.strip():
            continue
        if rng.random() < 0.3:
            body, _ = generator.record(rng, [_around(rng, text, carriers)])
            quoted = json.dumps(text, ensure_ascii=False)[1:-1]
            at = body.find(quoted)
            span = (at, at + len(quoted)) if at >= 0 else None
            surface = "tool_result" if rng.random() < 0.8 else "tool_args"
        else:
            carrier = rng.choice(carriers)
            whole = generator.policy(rng) if rng.random() < 0.12 else carrier.text
            body, span = insert(rng, excerpt(rng, whole, 80, 700), text)
            surface = carrier.surface
        label = 1 if hostile else 0
        rows.append(Row(body, label, span if hostile else None, surface, "generated", f"generated:{number}"))
    return rows


def bare(rng: random.Random, count: int) -> list[Row]:
    """Return attacks that stand alone and harmless texts that stand alone."""
    rows = []
    for number in range(count):
        kind = rng.choices(("attack", "decoy", "request", "record", "policy"), (8, 4, 5, 4, 4))[0]
        surface = "user_prompt"
        if kind == "attack":
            text = generator.attack(rng, bare=True)
        elif kind == "decoy":
            text, surface = generator.decoy(rng), "document"
        elif kind == "policy":
            text, surface = generator.policy(rng), "document"
        elif kind == "request":
            text = generator.request(rng)
        else:
            text, _ = generator.record(rng, [generator.decoy(rng) for _ in range(3)])
            surface = "tool_result"
        rows.append(Row(text, 1 if kind == "attack" else 0, None, surface, "generated", f"bare:{number}"))
    return rows


def _around(rng: random.Random, text: str, carriers: Sequence[Row]) -> str:
    """Put a text behind, before or without harmless sentences, as the value of a field."""
    way = rng.random()
    if way < 0.3:
        return text
    other = (
        " ".join(generator.decoy(rng) for _ in range(rng.randint(1, 2)))
        if rng.random() < 0.5
        else excerpt(rng, rng.choice(carriers).text, 40, 260)
    )
    return f"{other} {text}" if way < 0.8 else f"{text} {other}"


def insert(rng: random.Random, body: str, text: str) -> tuple[str, tuple[int, int]]:
    """Insert a text at the start, at a seam in the middle, or at the end; return the whole and the place."""
    places = [at for at, char in enumerate(body) if char in "\n.;>\"'," and at + 1 < len(body)]
    way = rng.random()
    at = len(body) if way < 0.4 or not places else 0 if way < 0.5 else rng.choice(places) + 1
    before = rng.choice((" ", " ", "\n", "\n\n", "", "\\n", " - ", "\t"))
    after = rng.choice((" ", "\n", "\n\n", " "))
    start = at + len(before)
    return body[:at] + before + text + after + body[at:], (start, start + len(text))


def excerpt(rng: random.Random, text: str, least: int, most: int) -> str:
    """Return a random piece of a text, cut at a blank where there is one."""
    length = rng.randint(least, most)
    if len(text) <= length:
        return text
    start = rng.randrange(len(text) - length)
    blank = text.find(" ", start, start + 30)
    start = blank + 1 if blank >= 0 and start else start
    return text[start : start + length]


def special(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the ids between the first and the last special token."""
    return np.concatenate(([BEGIN], ids, [END])).astype(np.int32)


def windows(rng: random.Random, tokenizer: Tokenizer, rows: Sequence[Row]) -> list[Window]:
    """Cut rows into training windows; at most three a row.

    A positive row with a span gives positive windows where they cover enough of the span and negative windows where
    they do not touch it. Without a span the first window of an attack is taken as positive in full; later ones count
    less, because an attack need not fill a long text. Most windows are cut shorter at random, so that the model meets
    the same attack with much and with little around it.
    """
    result: list[Window] = []
    for first in range(0, len(rows), 1024):
        part = rows[first : first + 1024]
        for row, tokens in zip(part, tokenize(tokenizer, [row.text for row in part]), strict=True):
            if len(tokens):
                result += _of_row(rng, row, tokens)
    return result


def _of_row(rng: random.Random, row: Row, tokens: Tokens) -> list[Window]:
    pieces = cut(len(tokens), CONTENT, OVERLAP)
    if row.label == 0:
        chosen = rng.sample(pieces, k=min(len(pieces), 1 if rng.random() < 0.75 else 2))
        return [_window(tokens, *_shorten(rng, a, b, None), 0, row.weight, (0, 0)) for a, b in chosen]
    if row.span is None:
        chosen = pieces[:1] + rng.sample(pieces[1:], k=min(2, len(pieces) - 1))
        # What a person types at a model is an attack as a whole; where it stands in other texts is not known.
        place = (0, len(tokens)) if row.surface == "user_prompt" else None
        return [_window(tokens, a, b, 1, row.weight * (1.0 if a == 0 else 0.4), place) for a, b in chosen]
    inside = np.flatnonzero((tokens.starts < row.span[1]) & (tokens.ends > row.span[0]))
    if not len(inside):
        return []
    low, high = int(inside[0]), int(inside[-1]) + 1
    full = [(a, b) for a, b in pieces if min(b, high) - max(a, low) >= min(0.7 * (high - low), 60)]
    clear = [(a, b) for a, b in pieces if b <= low or a >= high]
    result = []
    for a, b in rng.sample(full, k=min(1, len(full))):
        a, b = _shorten(rng, a, b, (max(a, low), min(b, high)))
        result.append(_window(tokens, a, b, 1, row.weight, (low, high)))
    for a, b in rng.sample(clear, k=min(1, len(clear))) if rng.random() < 0.6 else []:
        result.append(_window(tokens, *_shorten(rng, a, b, None), 0, 1.0, (0, 0)))
    return result


def _shorten(rng: random.Random, first: int, last: int, keep: tuple[int, int] | None) -> tuple[int, int]:
    """Cut a window to a random length around what must stay; one in four windows stays as it is."""
    length = last - first
    if length < 32 or rng.random() < 0.25:
        return first, last
    low, high = keep if keep is not None else (start := rng.randrange(first, last), start + 1)
    left = rng.randint(0, min(30, low - first))
    right = rng.randint(0, min(30, last - high))
    if keep is None and left + right < 12:
        return first, first + 32
    return low - left, high + right


def _window(tokens: Tokens, first: int, last: int, label: int, weight: float, place: tuple[int, int] | None) -> Window:
    """Cut a window; the tokens of `place` are marked as the attack, none is told apart where it is None."""
    marks = np.full(last - first + 2, IGNORED, dtype=np.int32)
    if place is not None:
        at = np.arange(first, last)
        marks[1:-1] = (at >= place[0]) & (at < place[1])
    return Window(special(tokens.ids[first:last]), label, weight, marks=marks)


def training_set(
    tokenizer: Tokenizer,
    rows: Sequence[Row],
    phrases: Sequence[str],
    *,
    seed: int,
    count: int,
    generated: int,
    written: Callable[[random.Random, Sequence[Row]], list[Row]] | None = None,
) -> list[Window]:
    """Return at most `count` windows, two in five of them positive.

    They are drawn at random, attacks written by people (which weigh more) sooner than composed ones. `written` makes
    further rows from clean carriers; all of their windows are used.
    """
    rng = random.Random(seed)
    kept = [row for row in rows if not held_out(row)]
    carriers = [row for row in kept if row.label == 0 and row.surface in CARRIERS and row.file != "planted_harmless"]
    made = planted(rng, carriers, phrases, generated) + bare(rng, generated // 2)
    everything = windows(rng, tokenizer, [*kept, *(replace(row, weight=1.0) for row in made)])
    first = windows(rng, tokenizer, written(rng, carriers)) if written is not None else []
    positive = [window for window in everything if window.target == 1]
    negative = [window for window in everything if window.target == 0]
    positive.sort(key=lambda window: rng.random() ** (1 / window.weight), reverse=True)
    rng.shuffle(negative)
    hostile = sum(window.target == 1 for window in first)
    share = max(0, min(len(positive), 2 * count // 5 - hostile))
    drawn = [*first, *positive[:share]]
    return drawn + negative[: max(0, count - len(drawn))]


def holdout_set(rows: Sequence[Row], phrases: Sequence[str], *, seed: int, generated: int) -> list[Row]:
    """Return the held-out rows and freshly generated ones planted in held-out texts."""
    rng = random.Random(seed + 1)
    kept = [row for row in rows if held_out(row)]
    carriers = [row for row in kept if row.label == 0 and row.surface in CARRIERS and row.file != "planted_harmless"]
    return kept + planted(rng, carriers, phrases, generated) + bare(rng, generated // 2)
