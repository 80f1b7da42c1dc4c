"""Turns the written texts into rows: attacks and harmless passages alone, and placed in what tools return."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from models.injection import compose, documents, generator, places, written_texts
from models.injection.documents import Attacked, attacked
from models.injection.sources import Row

FILE = "written"
FILES = (
    *(f"documents_{kind}" for kind in ("mail", "web", "records", "clinical", "files", "dumps")),
    "prompts_english",
)
LATER = ("documents_terse", "documents_odd")  # bare second tasks and odd orders, which only the last round sees
# How many items at the head of the harmless texts of each language are prompts of users.
TONGUES = {"languages_west": 27, "languages_east": 27, "languages_more": 12}
Choice = tuple[str, ...]
_LONGEST_WISH = 240


@dataclass(frozen=True, slots=True)
class Library:
    """The written texts of one split, by what they are good for.

    What users type is harmless only where it stands alone: the same words inside a tool result give orders that nobody
    there may give. So `prompts` and `foreign_prompts` are never placed.
    """

    indirect: Choice = field(repr=False)
    direct: Choice = field(repr=False)
    results: Choice = field(repr=False)
    prompts: Choice = field(repr=False)
    arguments: Choice = field(repr=False)
    documents: Choice = field(repr=False)
    attacked: tuple[Attacked, ...] = field(repr=False)
    clean: Choice = field(repr=False)
    foreign_attacks: dict[str, Choice] = field(repr=False)
    foreign_prompts: dict[str, Choice] = field(repr=False)
    foreign_records: dict[str, Choice] = field(repr=False)
    foreign_attacked: dict[str, tuple[Attacked, ...]] = field(repr=False)
    foreign_clean: dict[str, Choice] = field(repr=False)
    wishes: bool = False


def library(*, kept: bool = False, later: bool = True, wishes: bool = False) -> Library:
    """Return the texts to learn from, or with `kept` those to measure on; without `later` those of the first round.

    With `wishes` what users ask for is planted as well, as an attack.
    """
    files = FILES + LATER if later else FILES

    def of(shelf: written_texts.Shelf) -> Choice:
        return shelf.kept if kept else shelf.learned

    def sections(kind: str) -> Choice:
        shelves = [written_texts.sections(name).get(kind) for name in files]
        return tuple(item for one in shelves if one is not None for item in of(one))

    def foreign(kind: str, files: dict[str, int]) -> dict[str, Choice]:
        return {code: of(items) for code, items in written_texts.languages(kind, files).items() if of(items)}

    documents_in = dict.fromkeys(("languages_docs_west", "languages_docs_east"), 0)
    shelf = written_texts.shelf
    attacks = foreign("attack", dict.fromkeys(TONGUES, 0))
    for code, items in foreign("direct", documents_in).items():
        attacks[code] = attacks.get(code, ()) + items
    prompts = {code: items for code, items in _prompts(of).items() if items}
    for code, items in foreign("prompts", documents_in).items():
        prompts[code] = prompts.get(code, ()) + items
    return Library(
        indirect=of(shelf("indirect_office") + shelf("indirect_regulated") + shelf("indirect_more")),
        direct=of(shelf("direct")) + sections("direct"),
        results=of(shelf("benign_results") + shelf("benign_more")),
        prompts=of(shelf("benign_prompts")) + sections("prompts") + sections("trigger"),
        arguments=sections("arguments"),
        documents=of(shelf("carriers")),
        attacked=attacked(sections("attacked")),
        clean=sections("clean"),
        foreign_attacks=attacks,
        foreign_prompts=prompts,
        foreign_records=foreign("benign", TONGUES),
        foreign_attacked={code: attacked(items) for code, items in foreign("attacked", documents_in).items()},
        foreign_clean=foreign("clean", documents_in),
        wishes=wishes,
    )


def _prompts(of: Callable[[written_texts.Shelf], Choice]) -> dict[str, Choice]:
    """Return the prompts of users at the head of the harmless texts of each language."""
    found: dict[str, Choice] = {}
    for name, first in TONGUES.items():
        for title, lines in written_texts.items(name).items():
            code, what = title.split()
            if what == "benign":
                found[code] = found.get(code, ()) + of(written_texts.shelved(lines[:first]))
    return found


def rows(rng: random.Random, shelves: Library, carriers: Sequence[Row], count: int, *, prefix: str = FILE) -> list[Row]:
    """Return `count` rows: about two in five are attacks, three in four of all passages stand inside something."""
    made = []
    for number in range(count):
        hostile = rng.random() < 0.45
        way = rng.random()
        if way < 0.40:
            row = _document(rng, shelves, carriers, hostile)
        elif way < 0.70:
            row = _placed(rng, shelves, carriers, hostile)
        else:
            row = _alone(rng, shelves, hostile)
        text, label, span, surface = row
        if text.strip():
            made.append(Row(text, label, span, surface, FILE, f"{prefix}:{number}"))
    return made


Made = tuple[str, int, tuple[int, int] | None, str]


def _one(rng: random.Random, by_code: dict[str, Choice]) -> str:
    return rng.choice(by_code[rng.choice(sorted(by_code))])


def _document(rng: random.Random, shelves: Library, carriers: Sequence[Row], hostile: bool) -> Made:
    """Return a whole document that was written as one."""
    if rng.random() < 0.25 and shelves.foreign_attacked:
        code = rng.choice(sorted(shelves.foreign_attacked))
        models, clean = shelves.foreign_attacked[code], shelves.foreign_clean.get(code, ())
    else:
        code, models, clean = "", shelves.attacked, shelves.clean
    if hostile:
        made = documents.hostile(rng, rng.choice(models), lambda: _hostile_passage(rng, shelves, code))
    elif clean and rng.random() < 0.62:
        made = documents.plain(rng, rng.choice(clean))
    else:
        made = documents.harmless(rng, rng.choice(models), lambda: _harmless_passage(rng, shelves, carriers, code))
    return *made, "tool_result"


def _alone(rng: random.Random, shelves: Library, hostile: bool) -> Made:
    way = rng.random()
    if hostile:
        if shelves.wishes and rng.random() < 0.12:
            item = _wish(rng, shelves, wrapped=True)
        elif way < 0.55:
            item = rng.choice(shelves.direct)
        elif way < 0.88:
            item = _one(rng, shelves.foreign_attacks)
        else:
            item = generator.attack(rng, bare=True)
        return written_texts.loosened(rng, written_texts.filled(rng, item)), 1, None, "user_prompt"
    if way < 0.40:
        item = rng.choice(shelves.prompts)
    elif way < 0.66:
        item = _one(rng, shelves.foreign_prompts if rng.random() < 0.55 else shelves.foreign_records)
    elif way < 0.76:
        item = rng.choice(shelves.results)
    elif way < 0.86:
        item = rng.choice(shelves.documents)
    elif way < 0.93 and shelves.arguments:
        item = rng.choice(shelves.arguments)
    else:
        item = generator.request(rng) if rng.random() < 0.5 else generator.policy(rng)
    return written_texts.loosened(rng, written_texts.filled(rng, item)), 0, None, "user_prompt"


def _placed(rng: random.Random, shelves: Library, carriers: Sequence[Row], hostile: bool) -> Made:
    both = sorted(shelves.foreign_attacks.keys() & shelves.foreign_records.keys())
    code = rng.choice(both) if both and rng.random() < 0.25 else ""
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
    if code and rng.random() < 0.6 and code in shelves.foreign_attacks:
        return rng.choice(shelves.foreign_attacks[code])
    if code and code in shelves.foreign_attacked:
        return rng.choice(shelves.foreign_attacked[code]).passage.strip()
    if shelves.wishes and rng.random() < 0.14:
        return _wish(rng, shelves, wrapped=rng.random() < 0.6)
    way = rng.random()
    if way < 0.45:
        return rng.choice(shelves.indirect)
    if way < 0.72 and shelves.attacked:
        return rng.choice(shelves.attacked).passage.strip()
    if way < 0.84:
        return rng.choice(shelves.direct)
    return generator.attack(rng)


def _wish(rng: random.Random, shelves: Library, *, wrapped: bool) -> str:
    """Return what a user might well ask: an attack where it stands in data, or behind a pretext."""
    wish = rng.choice(shelves.prompts)
    while len(wish) > _LONGEST_WISH:
        wish = rng.choice(shelves.prompts)
    return generator.behind_pretext(rng, wish) if wrapped else wish


def _harmless_passage(rng: random.Random, shelves: Library, carriers: Sequence[Row], code: str) -> str:
    if code and code in shelves.foreign_records:
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
    if way < 0.22:
        return compose.excerpt(rng, written_texts.filled(rng, rng.choice(shelves.documents)), 120, 1200)
    if way < 0.45 and shelves.clean:
        return compose.excerpt(rng, written_texts.filled(rng, rng.choice(shelves.clean)), 120, 1200)
    if way < 0.6:
        return " ".join(written_texts.filled(rng, rng.choice(shelves.results)) for _ in range(rng.randint(1, 3)))
    return compose.excerpt(rng, rng.choice(carriers).text, 80, 800)
