r"""Reads `texts/`: attacks and harmless look-alikes written for this model, one a line, in named sections.

`## name` opens a section; a line break inside an item is written `\n`; `{slot}` is filled by the generator. One item in
seventeen is kept from training, to measure on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from models.injection import generator
from models.injection import phrases as p
from models.injection.sources import digest

FOLDER = Path(__file__).parent / "texts"
HELD_OUT_OF = 17
SLOTS = re.compile(r"\{(name|mail|url|id|n|company|dept|drug|thing)\}")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Items of one kind: those to learn from and those to measure on."""

    learned: tuple[str, ...] = field(repr=False)
    kept: tuple[str, ...] = field(repr=False)

    def __add__(self, other: Shelf) -> Shelf:
        """Put two shelves together."""
        return Shelf(self.learned + other.learned, self.kept + other.kept)


@cache
def items(name: str) -> dict[str, list[str]]:
    """Return the items of `texts/<name>.txt` by section, in order.

    Raises:
        ValueError: if an item stands before the first section.
    """
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            current = found.setdefault(line[3:].strip(), [])
        elif line.strip():
            if current is None:
                raise ValueError(f"{name}.txt:{number}: an item before the first section")
            current.append(line.strip().replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"'))
    return found


def sections(name: str) -> dict[str, Shelf]:
    """Return the sections of a file in order."""
    return {title: shelved(lines) for title, lines in items(name).items()}


def shelf(name: str) -> Shelf:
    """Return all items of a file."""
    return sum(sections(name).values(), Shelf((), ()))


def languages(kind: str, files: Mapping[str, int]) -> dict[str, Shelf]:
    """Return, by language code, the items of a kind, `attack` or `benign`.

    `files` tells how many items at the head of each section to leave out: the benign ones begin with prompts of users,
    who may give orders where a document may not.
    """
    found: dict[str, Shelf] = {}
    for name, first in files.items():
        for title, lines in items(name).items():
            code, what = title.split()
            if what == kind:
                found[code] = found.get(code, Shelf((), ())) + shelved(lines[first:])
    return found


def filled(rng: random.Random, item: str) -> str:
    """Fill the slots of an item with made-up values; other braces stay."""

    def one(match: re.Match[str]) -> str:
        return generator.fill(rng, match.group(0))

    return SLOTS.sub(one, item)


def loosened(rng: random.Random, text: str) -> str:
    """Change a text a little, as retyping does: a word lost, two swapped, a sentence dropped, case or spelling."""
    way = rng.random()
    if way < 0.10:
        words = text.split(" ")
        kept = [word for word in words if rng.random() > 0.06]
        return " ".join(kept) if len(kept) >= 3 else text
    if way < 0.17:
        parts = re.split(r"(?<=[.!?]) ", text)
        if len(parts) >= 3:
            del parts[rng.randrange(len(parts))]
            return " ".join(parts)
    if way < 0.27:
        return generator.disguise(rng, text)
    if way < 0.33:
        return re.sub(r"[,.;:!?]", "", text)
    return text


def shelved(lines: list[str]) -> Shelf:
    """Split items into those to learn from and those to measure on, by their digests."""
    unique = list(dict.fromkeys(lines))
    kept = [item for item in unique if digest("kept:" + item) % HELD_OUT_OF == 0]
    held = set(kept)
    return Shelf(tuple(item for item in unique if item not in held), tuple(kept))


def person(rng: random.Random) -> str:
    """Return a made-up name of a person."""
    return generator.fill(rng, rng.choice(p.SLOTS["name"][:12]))
