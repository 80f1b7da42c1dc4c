"""Streams beside whole texts: whether both say the same, how soon something is released, and what that costs.

    python -m benchmarks.streaming --documents 200 --chunkings 5 --output benchmarks/results/streaming.json

Every document is inspected whole and streamed in random pieces, under the default policy as it is (`whole`) and with
`stream: sections`. Without `--models` rules and formats alone decide; with it, the shipped models do as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.circumstances import ROOT, circumstances
from benchmarks.texts import corpus, text_of
from firewall.assembly import Models, load_bundle, load_models
from firewall.payload.document import Limits, from_text
from firewall.pipeline import Bundle, Inquiry, Pipeline, Unrecorded
from firewall.rules import widest
from firewall.settings import load
from firewall.stream import Event, Held, Released, Stream
from firewall.vocabulary import Direction, Identity, ToolRef

MODES = ("whole", "sections")
_KILOBYTES = (0.5, 2.0, 6.0, 12.0, 24.0, 48.0)
_MARKS = frozenset('"<>|{}[]=\t-')  # lines of code and of formats, which would be held, and lists
_ROWS = "name,dob,ssn\n" + "".join(f"Maria Gonzalez,1961-12-{day},219-09-99{day}\n" for day in range(10, 30))


@dataclass(slots=True)
class Told:
    """What was measured of one way to stream."""

    streams: int = 0
    different: int = 0
    early: int = 0
    held: dict[str, int] = field(default_factory=dict)
    first: list[int] = field(default_factory=list)  # code points that had arrived when the first were released
    stream_s: float = 0.0
    whole_s: float = 0.0


def documents(count: int) -> list[str]:
    """Return prose and notes of many sizes; every eighth turns into a table, or is a JSON text."""
    made = []
    for seed in range(count):
        lines = text_of(2 * _KILOBYTES[seed % len(_KILOBYTES)], people=True, seed=seed).splitlines()
        text = "\n".join(line for line in lines if not _MARKS.intersection(line) and "," not in line)
        if seed % 16 == 7:
            text = f"{text}\n{_ROWS}"
        elif seed % 16 == 15:
            text = json.dumps({"note": text, "patient": "Maria Gonzalez"})
        made.append(text)
    return made


def pieces(text: str, dice: random.Random) -> Iterator[str]:
    """Cut a text at random places, into letters or into pages."""
    most = dice.choice((2, 20, 200, 4_000, 40_000))
    at = 0
    while at < len(text):
        size = dice.randint(1, most)
        yield text[at : at + size]
        at += size


async def measure(road: Pipeline, texts: Sequence[str], chunkings: int, mode: str) -> Told:
    """Stream every text as often as there are chunkings, and compare with the whole."""
    told, dice = Told(), random.Random(11)
    await road.inspect(_inquiry(-1, texts[0]))  # what is compiled at first use
    for number, text in enumerate(texts):
        await road.inspect(_inquiry(number, text))  # what models answer is known then, to the stream as to the whole
        began = time.process_time()
        content = (await road.inspect(_inquiry(number, text))).content
        told.whole_s += time.process_time() - began
        for _ in range(chunkings):
            parts = list(pieces(text, dice))
            began = time.process_time()
            released = await _stream(road, _inquiry(number), parts, told)
            told.stream_s += time.process_time() - began
            told.streams += 1
            told.different += content is not None and released != json.loads(content)
        print(f"\r{mode}: {number + 1} of {len(texts)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return told


async def _stream(road: Pipeline, inquiry: Inquiry, parts: Sequence[str], told: Told) -> str:
    texts: list[str] = []
    arrived, first = 0, True

    async def tell(event: Event) -> None:
        """Note what is released, and when."""
        nonlocal first
        if isinstance(event, Released):
            texts.append(event.text)
            if first and not stream.over:
                told.first.append(arrived)
                told.early += 1
            first = False
        elif isinstance(event, Held):
            told.held[event.reason] = told.held.get(event.reason, 0) + 1

    stream = Stream(road, inquiry, Limits(), tell)
    await stream.begin()
    for part in parts:
        arrived += len(part)
        await stream.add(part)
    await stream.end()
    return "".join(texts)


def _inquiry(number: int, text: str = "") -> Inquiry:
    """Return a request; each document has a tenant of its own, so that verdicts are remembered for it alone."""
    who = Identity(tenant=f"tenant-{number}", session=f"session-{number}")
    return Inquiry(Direction.OUTBOUND, ToolRef("demo", "fetch"), who, from_text(text))


def _bundle(bundle: Bundle, mode: str) -> Bundle:
    """Return a bundle whose policies stream in one way."""
    policies = {name: replace(one, sections=mode == "sections") for name, one in bundle.policies.policies.items()}
    return replace(bundle, policies=replace(bundle.policies, policies=policies))


def _written(told: Told, characters: int, chunkings: int) -> dict[str, object]:
    kilobytes = characters / 1024
    return {
        "streams": told.streams,
        "different_from_whole": told.different,
        "released_before_the_end": told.early,
        "held": dict(sorted(told.held.items())),
        "characters_before_first_release": {
            "median": statistics.median(told.first) if told.first else None,
            "least": min(told.first, default=None),
        },
        "processor_ms_a_kb": {
            "inspect": round(told.whole_s * 1e3 / kilobytes, 2),
            "stream": round(told.stream_s * 1e3 / kilobytes / chunkings, 2),
        },
    }


def main() -> None:
    """Measure both ways and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--chunkings", type=int, default=5, help="of each document")
    parser.add_argument("--models", action="store_true", help="with the shipped models")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    models: Models | None = None
    if asked.models:
        models = load_models(load(rules_dir=ROOT / "rules", models_dir=ROOT / "models"))
    bundle = load_bundle(ROOT / "rules", models)
    texts = documents(asked.documents)
    result: dict[str, object] = {
        "circumstances": circumstances(corpus()),
        "documents": len(texts),
        "chunkings_each": asked.chunkings,
        "characters": sum(map(len, texts)),
        "models": asked.models,
        "widest_match": widest(bundle.rules.values()),
    }
    for mode in MODES:
        road = Pipeline(_bundle(bundle, mode), Unrecorded(), bytes(32), deadline_s=120)
        result[mode] = _written(
            asyncio.run(measure(road, texts, asked.chunkings, mode)), sum(map(len, texts)), asked.chunkings
        )
    if models is not None:
        models.close()
    text = json.dumps(result, indent=1)
    print(text)
    if asked.output is not None:
        asked.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
