"""Synthetic tool results with labelled people in them, and look-alikes without.

Run `python -m models.entities.generator --data DIR --count 20` to read some.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from models.entities.lookalikes import Lookalikes
from models.entities.marked import Example, parse
from models.entities.records import document
from models.entities.sentences import Writer, shout
from models.entities.values import World


def generate(data: Path, seed: int, count: int, people: float) -> Iterator[Example]:
    """Yield `count` documents; the share `people` of them holds persons, the rest only look-alikes."""
    carriers = data / "carriers"
    world = World(carriers, seed)
    lookalikes = Lookalikes(world, carriers)
    for _ in range(count):
        with_people = world.chance(people)
        marked = document(world, Writer(world, lookalikes), with_people)
        yield parse(shout(world, marked), "generated_people" if with_people else "generated_lookalikes")


def main() -> None:
    """Print some documents with their places."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with carriers/")
    parser.add_argument("--count", type=int, default=20, help="number of documents")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same documents")
    parser.add_argument("--people", type=float, default=0.6, help="share of documents with persons")
    options = parser.parse_args()
    for example in generate(options.data, options.seed, options.count, options.people):
        print(f"--- {example.source}\n{example.text}")
        for start, end, label in example.entities:
            print(f"    {label}: {example.text[start:end]!r}")


if __name__ == "__main__":
    main()
