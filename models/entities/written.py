r"""Documents written by hand with their identifiers marked, and the same ones about other people.

`texts/*.txt` hold one document a line, `\n` for a line break, `⟦LABEL|value⟧` for an identifier. Each drawing of a
document gives most of its values anew, in the form that they had and the same value for the same one throughout, so
that what is learned is the place and the form and not the list of people that happened to be written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from models.entities.identifiers import ip, phone, url
from models.entities.labels import ENTITY_TYPE
from models.entities.marked import Example, mark, parse, plain
from models.entities.sentences import shout
from models.entities.values import World

FOLDER: Final = Path(__file__).parent / "texts"
SOURCE: Final = "written"
_PLACE: Final = re.compile(r"⟦([A-Z_]+)\|([^⟦⟧|]+)⟧")
_WORD: Final = re.compile(r"[^\W\d_]+")
_PARTICLES: Final = frozenset(
    "van von der den de la le du da dos das del di bin ibn al el y e i und zu ter ten st mc o jr sr ii iii dr md rn phd".split()
)
_MADE: Final = {"EMAIL": World.email, "PHONE": phone, "URL": url, "IP": ip, "USERNAME": World.username}
_LEFT: Final = frozenset({"ORG", "PROFESSION", "NATIONALITY", "STATE_OR_COUNTRY", "AGE"})


@cache
def documents() -> tuple[str, ...]:
    """Return the marked documents of all files, in order.

    Raises:
        ValueError: if a mark has an unknown label or is not closed.
    """
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("## "):
                continue
            rest = _PLACE.sub("", line)
            labels = {match[1] for match in _PLACE.finditer(line)}
            if "⟦" in rest or "⟧" in rest or labels - ENTITY_TYPE.keys():
                raise ValueError(f"{path.name}:{number}: a mark that is not ⟦LABEL|value⟧ with a known label")
            found.append(line.strip().replace("\\n", "\n").replace("\\t", "\t"))
    return tuple(found)


def examples(world: World, count: int, texts: tuple[str, ...]) -> Iterator[Example]:
    """Yield `count` drawings of some documents, each with most of its values made anew."""
    for _ in range(count):
        yield parse(shout(world, _retold(world, world.pick(texts))), SOURCE)


def as_written(texts: tuple[str, ...]) -> Iterator[Example]:
    """Yield documents as they stand."""
    for text in texts:
        yield parse(_PLACE.sub(lambda match: mark(match[1], match[2]), text), SOURCE)


def _retold(world: World, text: str) -> str:
    anew = world.chance(0.8)
    words: dict[str, str] = {}
    values: dict[tuple[str, str], str] = {}

    def one(match: re.Match[str]) -> str:
        label, value = match[1], match[2]
        if not anew or label in _LEFT:
            return mark(label, value)
        key = label, value.casefold()
        if label == "NAME":
            return mark(label, _named(world, value, words))
        if key not in values:
            values[key] = _value(world, label, value)
        return mark(label, values[key])

    return _PLACE.sub(one, text)


def _named(world: World, value: str, words: dict[str, str]) -> str:
    """Replace each word of a name by another, in the case that it had; particles and degrees stay."""
    parts = list(_WORD.finditer(value))
    if not parts or not value.isascii():
        return value
    person = world.person()
    pools = (person.first, person.last)

    def other(match: re.Match[str]) -> str:
        word = match[0]
        if word.lower() in _PARTICLES:
            return word
        key = word.casefold()
        if key not in words:
            if len(word) == 1:
                words[key] = world.shape("@")
            else:
                pool = pools[0] if match.start() == parts[0].start() and "," not in value else pools[1]
                words[key] = pool if match.start() == parts[0].start() else world.person().last
        found = words[key]
        return found.upper() if word.isupper() and len(word) > 1 else found.lower() if word.islower() else found

    return _WORD.sub(other, value)


def _value(world: World, label: str, value: str) -> str:
    if label in _MADE:
        return plain(_MADE[label](world)) if world.chance(0.6) else _digits(world, value)
    if label == "DATE":
        return world.date_text() if world.chance(0.3) else value
    if label == "LOCATION":
        if any(map(str.isdigit, value)):
            return _digits(world, value)
        return plain(world.city()) if world.chance(0.5) else value
    return _digits(world, value)


def _digits(world: World, value: str) -> str:
    """Draw the digits of a value anew, and now and then its capitals; the first digit stays one that may lead."""
    pattern = "".join("#" if c.isdigit() and c.isascii() else c for c in value)
    return "".join(world.shape(c) if c == "#" else c for c in pattern)
