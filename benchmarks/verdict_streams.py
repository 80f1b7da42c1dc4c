"""Streams of tool results for the benchmark of the verdict cache: what agents' tools answer again, nearly, and never again."""

from __future__ import annotations

import random
import uuid

from benchmarks import texts

KB = 2.0
STREAM = 8  # documents in a stream


def streams() -> dict[str, list[str]]:
    """Return the streams: what agents' tools answer again, nearly again, and never again."""
    dice = random.Random(7)
    bodies = [texts.text_of(KB, people=True, seed=seed) for seed in range(2 * STREAM)]

    def stamp() -> str:
        return (
            f'{{"request_id": "{uuid.UUID(int=dice.getrandbits(128), version=4)}", "generated_at": '
            f'"2025-03-{dice.randrange(1, 29):02d}T{dice.randrange(24):02d}:{dice.randrange(60):02d}:07Z"}}'
        )

    status = "Run RUN-0042 of the stability study is {} % complete; next sample pull is on 3 March, chamber 4, shelf B."
    return {
        "identical retries (4 each)": [bodies[number // 4] for number in range(STREAM)],
        "one result, changed id and time in front": [f"{stamp()}\n{bodies[0]}" for _ in range(STREAM)],
        "one result, changed id and time behind": [f"{bodies[0]}\n{stamp()}" for _ in range(STREAM)],
        "two parts, one of them known": [f"{bodies[0]}\n{bodies[number]}" for number in range(1, 1 + STREAM // 2)],
        "polled status of 0.1 KB": [status.format(number // 4) for number in range(2 * STREAM)],
        "all distinct": bodies[STREAM:],
    }
