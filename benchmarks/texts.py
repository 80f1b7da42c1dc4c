"""The texts of the latency benchmark: ordinary tool traffic of our own corpus, cut to size, the same in every run."""

from __future__ import annotations

import random

from benchmarks.circumstances import ROOT

INBOUND_KB = (0.1, 0.5, 2.0)
OUTBOUND_KB = (0.5, 2.0, 8.0, 32.0, 128.0)
_PEOPLE = (
    "Patient: Maria Gonzalez, DOB 04/12/1961, MRN 00412377.",
    "Contact: j.okafor@example.org, phone (617) 555-0142.",
    "Seen by Dr. Henrik Sandvik on March 3, 2024 at 14:10.",
)


def corpus() -> bytes:
    """Return the bytes that all texts are made of."""
    return b"".join(path.read_bytes() for path in sorted((ROOT / "rules" / "corpus").glob("*.txt")))


def text_of(kilobytes: float, *, people: bool, seed: int = 0) -> str:
    """Return about `kilobytes` KB of tool traffic; with `people` a line about a person stands every two thousand characters."""
    dice = random.Random(seed)
    lines = [line for line in corpus().decode("utf-8").splitlines() if line.isascii() and 30 < len(line) < 300]
    size = int(kilobytes * 1024)
    pieces: list[str] = []
    length = since = 0
    while length < size:
        line = dice.choice(lines)
        if people and since > 2_000:
            line, since = dice.choice(_PEOPLE), 0
        pieces.append(line)
        length += len(line) + 1
        since += len(line) + 1
    return "\n".join(pieces)[:size]
