"""From token probabilities to places in the text: windows merged, words decided whole, neighbours joined, passages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firewall.inference.scoring import Passages
from firewall.inference.shapes import word_bounds
from firewall.inference.windows import Tokens

OUTSIDE: Final = "O"
DEFAULT: Final = "default"
_LONGEST_BRIDGE: Final = 2
_LEAST: Final = 1e-6
_LINE: Final = ord("\n")

Decoded = tuple[int, int, str, float]
"""Start and end in code points, entity type, score in [0, 1]."""


def merge_windows(
    count: int, windows: Sequence[tuple[int, int]], probabilities: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return `[count, labels]` probabilities from those of each window `[first, last)`.

    A token that lies in several windows takes their mean, weighted by how far it stands from the window's edge:
    at an edge half of what surrounds it is out of sight.

    Raises:
        ValueError: if a window's probabilities are not as many as its tokens, or a token lies in no window.
    """
    labels = probabilities[0].shape[1] if probabilities else 0
    total = np.zeros((count, labels), dtype=np.float32)
    weights = np.zeros((count, 1), dtype=np.float32)
    for (first, last), rows in zip(windows, probabilities, strict=True):
        if len(rows) != last - first:
            raise ValueError("a window has one row of probabilities for each of its tokens")
        place = np.arange(last - first, dtype=np.float32)
        weight = (np.minimum(place, place[::-1]) + 1)[:, None]
        total[first:last] += rows * weight
        weights[first:last] += weight
    if not weights.all():
        raise ValueError("every token lies in a window")
    return total / weights


def passages(
    windows: Sequence[tuple[int, int]],
    marks: Sequence[NDArray[np.float32]],
    tokens: Tokens,
    text: str,
    settings: Passages,
) -> list[tuple[int, int, bool]]:
    """Return what neighbouring windows `[first, last)` mark: passages `[first, last)` in tokens of the text. Linear.

    `marks` are the log-odds of each window's tokens. A passage does not cross a line break, which stands between the
    leaves of a joined text. A window without any passage is returned whole; the flag tells passages from windows.
    """
    offset = windows[0][0]
    probabilities = merge_windows(
        windows[-1][1] - offset,
        [(first - offset, last - offset) for first, last in windows],
        [_sigmoid(one)[:, None] for one in marks],
    )[:, 0]
    found = _groups(np.flatnonzero(probabilities >= settings.threshold) + offset, tokens, text, settings)
    result = [(first, last, True) for first, last in found]
    at = 0
    for first, last in windows:
        while at < len(found) and found[at][1] <= first:
            at += 1
        if at == len(found) or found[at][0] >= last:
            result.append((first, last, False))
    return result


def _groups(marked: NDArray[np.intp], tokens: Tokens, text: str, settings: Passages) -> list[tuple[int, int]]:
    """Join marked tokens that stand close on one line; drop small groups where there are larger ones."""
    if not len(marked):
        return []
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lines = np.searchsorted(np.flatnonzero(points == _LINE), tokens.starts[marked])
    apart = (np.diff(marked) > settings.bridge + 1) | (np.diff(lines) != 0)
    groups = np.split(marked, np.flatnonzero(apart) + 1)
    least = min(settings.least, max(map(len, groups)))
    return [(int(group[0]), int(group[-1]) + 1) for group in groups if len(group) >= least]


def _sigmoid(margins: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = (1 / (1 + np.exp(-np.clip(margins, -30, 30)))).astype(np.float32)
    return result


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities over the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: NDArray[np.float32] = (raised / raised.sum(axis=-1, keepdims=True)).astype(np.float32)
    return result


def decode(
    probabilities: NDArray[np.float32],
    tokens: Tokens,
    text: str,
    labels: Sequence[str],
    threshold: Mapping[str, float] | float,
) -> list[Decoded]:
    """Return the entities of a text in order, without overlap.

    A word takes the mean of its pieces. Its type is the one whose probability is highest for its threshold (a
    mapping's `default` speaks for types it does not name; 0.5 without one), so that a doubt falls to the type with the
    lower threshold. It is an entity where the probability of being any entity reaches that type's threshold.
    Punctuation between two parts of one type belongs to them; words of one type on one line are joined. Linear.
    """
    if not len(tokens):
        return []
    limits = _limits(labels, threshold)
    words = _whole_words(probabilities, tokens, text, list(labels).index(OUTSIDE), limits)
    kept = np.flatnonzero(words.scores >= limits[words.types])
    return _joined(text, labels, kept, words)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text: code points `[starts, ends)`, type, and probability of being any entity."""

    starts: NDArray[np.int32] = field(repr=False)
    ends: NDArray[np.int32] = field(repr=False)
    types: NDArray[np.intp] = field(repr=False)
    scores: NDArray[np.float32] = field(repr=False)


def _whole_words(
    probabilities: NDArray[np.float32], tokens: Tokens, text: str, outside: int, limits: NDArray[np.float64]
) -> _Words:
    """Pool the tokens of each word; `outside` is the class that says "no entity". There is at least one token."""
    starts, ends = word_bounds(text)
    places = np.minimum(tokens.starts, len(text) - 1)
    first = starts[places]
    begins = np.flatnonzero(np.append(True, first[1:] != first[:-1]))
    sizes = np.diff(np.append(begins, len(tokens)))
    pooled = np.add.reduceat(probabilities, begins, axis=0) / sizes[:, None].astype(np.float32)
    scores: NDArray[np.float32] = (1.0 - pooled[:, outside]).astype(np.float32)
    others = pooled / np.maximum(limits, _LEAST)
    others[:, outside] = -1.0
    return _Words(
        starts=np.minimum(tokens.starts[begins], first[begins]),
        ends=np.maximum(tokens.ends[begins + sizes - 1], ends[places[begins]]),
        types=others.argmax(axis=1),
        scores=scores,
    )


def _limits(labels: Sequence[str], threshold: Mapping[str, float] | float) -> NDArray[np.float64]:
    if isinstance(threshold, Mapping):
        fallback = threshold.get(DEFAULT, 0.5)
        return np.array([threshold.get(label, fallback) for label in labels])
    return np.full(len(labels), threshold)


def _joined(text: str, labels: Sequence[str], kept: NDArray[np.intp], words: _Words) -> list[Decoded]:
    """Join kept words of one type that stand side by side; the score is the mean over the words."""
    low, high, types, scores = words.starts, words.ends, words.types, words.scores
    result: list[Decoded] = []
    previous = -1
    start = end = count = 0
    total = 0.0
    for word in kept.tolist():
        joins = (
            previous >= 0
            and types[word] == types[previous]
            and _adjoins(text[end : int(low[word])], beside=word == previous + 1)
        )
        if not joins:
            if previous >= 0:
                result.append((start, end, labels[types[previous]], total / count))
            start, total, count = int(low[word]), 0.0, 0
        end, total, count, previous = int(high[word]), total + float(scores[word]), count + 1, word
    if previous >= 0:
        result.append((start, end, labels[types[previous]], total / count))
    return result


def _adjoins(gap: str, *, beside: bool) -> bool:
    """Tell whether what lies between two words of one type belongs to them."""
    if beside:
        return len(gap) <= _LONGEST_BRIDGE and "\n" not in gap and "\r" not in gap
    return 0 < len(gap) <= _LONGEST_BRIDGE and not any(one.isspace() or one.isalnum() for one in gap)
