"""Turns the written texts into rows: attacks and harmless passages alone, and placed in what tools return."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from models.injection import compose, generator, places, written_texts
from models.injection.sources import Row

FILE = "written"
Choice = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """The written texts of one split, by what they are good for."""

    indirect: Choice = field(repr=False)
    direct: Choice = field(repr=False)
    results: Choice = field(repr=False)
    prompts: Choice = field(repr=False)
    documents: Choice = field(repr=False)
    foreign_attacks: dict[str, Choice] = field(repr=False)
    foreign_benign: dict[str, Choice] = field(repr=False)
    foreign_records: dict[str, Choice] = field(repr=False)


def library(*, kept: bool = False, waves: int = 2) -> Library:
    """Return the texts to learn from, or with `kept` those to measure on.

    With `waves` of 1 the second wave is left out: bare second tasks, and harmless texts that look like attacks.
    """
    tongues = {"languages_west": 0, "languages_east": 0}
    indirect = written_texts.shelf("indirect_office") + written_texts.shelf("indirect_regulated")
    results = written_texts.shelf("benign_results")
    records = tongues
    if waves > 1:
        indirect += written_texts.shelf("indirect_more")
        tongues["languages_more"] = 0
        results += written_texts.shelf("benign_more")
        records = {"languages_west": 27, "languages_east": 27, "languages_more": 12}

    def of(shelf: written_texts.Shelf) -> Choice:
        return shelf.kept if kept else shelf.learned

    return Library(
        indirect=of(indirect),
        direct=of(written_texts.shelf("direct")),
        results=of(results),
        prompts=of(written_texts.shelf("benign_prompts")),
        documents=of(written_texts.shelf("carriers")),
        foreign_attacks={
            code: of(items) for code, items in written_texts.languages("attack", tongues).items() if of(items)
        },
        foreign_benign={
            code: of(items) for code, items in written_texts.languages("benign", tongues).items() if of(items)
        },
        foreign_records={
            code: of(items) for code, items in written_texts.languages("benign", records).items() if of(items)
        },
    )


def rows(rng: random.Random, shelves: Library, carriers: Sequence[Row], count: int, *, prefix: str = FILE) -> list[Row]:
    """Return `count` rows: about two in five are attacks, seven in ten of all passages stand inside something."""
    made = []
    for number in range(count):
        hostile = rng.random() < 0.46
        row = _placed(rng, shelves, carriers, hostile) if rng.random() < 0.62 else _alone(rng, shelves, hostile)
        text, label, span, surface = row
        if text.strip():
            made.append(Row(text, label, span, surface, FILE, f"{prefix}:{number}"))
    return made


Made = tuple[str, int, tuple[int, int] | None, str]


def _alone(rng: random.Random, shelves: Library, hostile: bool) -> Made:
    if hostile:
        way = rng.random()
        if way < 0.62:
            item = rng.choice(shelves.direct)
        elif way < 0.86:
            item = rng.choice(shelves.foreign_attacks[rng.choice(sorted(shelves.foreign_attacks))])
        else:
            item = generator.attack(rng, bare=True)
        return written_texts.loosened(rng, written_texts.filled(rng, item)), 1, None, "user_prompt"
    way = rng.random()
    if way < 0.42:
        item = rng.choice(shelves.prompts)
    elif way < 0.60:
        item = rng.choice(shelves.foreign_benign[rng.choice(sorted(shelves.foreign_benign))])
    elif way < 0.74:
        item = rng.choice(shelves.results)
    elif way < 0.90:
        item = rng.choice(shelves.documents)
    else:
        item = generator.request(rng) if rng.random() < 0.5 else generator.policy(rng)
    return written_texts.loosened(rng, written_texts.filled(rng, item)), 0, None, "user_prompt"


def _placed(rng: random.Random, shelves: Library, carriers: Sequence[Row], hostile: bool) -> Made:
    both = sorted(shelves.foreign_attacks.keys() & shelves.foreign_records.keys())
    code = rng.choice(both) if both and rng.random() < 0.2 else ""
    passage = _hostile_passage(rng, shelves, code) if hostile else _harmless_passage(rng, shelves, carriers, code)
    passage = written_texts.loosened(rng, written_texts.filled(rng, passage))
    other = _surroundings(rng, shelves, carriers, code)
    label = 1 if hostile else 0
    if rng.random() < 0.45:
        body, span = compose.insert(rng, other, passage)
        return body, label, span, "tool_result"
    body, place = places.place(rng, passage, other[:500])
    return body, label, place, "tool_result"


def _hostile_passage(rng: random.Random, shelves: Library, code: str) -> str:
    if code:
        return rng.choice(shelves.foreign_attacks[code])
    way = rng.random()
    if way < 0.66:
        return rng.choice(shelves.indirect)
    if way < 0.78:
        return rng.choice(shelves.direct)
    return generator.attack(rng)


def _harmless_passage(rng: random.Random, shelves: Library, carriers: Sequence[Row], code: str) -> str:
    if code:
        return rng.choice(shelves.foreign_records[code])
    way = rng.random()
    if way < 0.6:
        return rng.choice(shelves.results)
    if way < 0.8:
        return generator.decoy(rng)
    return compose.excerpt(rng, rng.choice(carriers).text, 30, 260)


def _surroundings(rng: random.Random, shelves: Library, carriers: Sequence[Row], code: str) -> str:
    if code and rng.random() < 0.7:
        return " ".join(
            written_texts.filled(rng, rng.choice(shelves.foreign_records[code])) for _ in range(rng.randint(1, 4))
        )
    way = rng.random()
    if way < 0.4:
        return compose.excerpt(rng, written_texts.filled(rng, rng.choice(shelves.documents)), 120, 1200)
    if way < 0.6:
        return " ".join(written_texts.filled(rng, rng.choice(shelves.results)) for _ in range(rng.randint(1, 3)))
    return compose.excerpt(rng, rng.choice(carriers).text, 80, 800)
