"""What a model weighed, token by token, in the leaves' own code points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firewall.detectors.tagger import Entity
from firewall.detectors.trace import Token, Trace
from firewall.inference.spans import OUTSIDE
from firewall.inference.windows import Tokens
from firewall.payload.joined import Joined
from firewall.vocabulary import Segment

MOST_TOKENS: Final = 64  # of one finding


def traced_entities(
    name: str,
    entities: Iterable[Entity],
    probabilities: NDArray[np.float32],
    tokens: Tokens,
    labels: Sequence[str],
    joined: Joined,
    segments: Sequence[Segment],
    dropped: Callable[[int, int, int], str],
) -> list[Trace]:
    """Return each entity in each segment it touches, with its tokens' best label and probability of being any entity.

    `dropped(index, start, end)` says why nothing is reported at a range of a segment, "" where it is.
    """
    outside = list(labels).index(OUTSIDE)
    inside = [at for at in range(len(labels)) if at != outside]
    traces = []
    for entity in entities:
        first = int(np.searchsorted(tokens.ends, entity.start, side="right"))
        last = int(np.searchsorted(tokens.starts, entity.end, side="left"))
        weighed = [
            (at, str(labels[inside[int(probabilities[at, inside].argmax())]]), 1.0 - float(probabilities[at, outside]))
            for at in range(first, min(last, first + MOST_TOKENS))
        ]
        for index, span in joined.locate(entity.start, entity.end):
            segment = segments[index]
            traces.append(
                Trace(
                    detector=name,
                    rule_id=entity.rule_id,
                    entity_type=entity.entity_type,
                    pointer=segment.pointer,
                    is_key=segment.is_key,
                    span=span,
                    score=entity.score,
                    tokens=tuple(
                        Token(where, label, probability)
                        for at, label, probability in weighed
                        for home, where in joined.locate(int(tokens.starts[at]), int(tokens.ends[at]))
                        if home == index
                    ),
                    dropped=dropped(index, span.start, span.end),
                )
            )
    return traces
