"""The glasses a document is looked at through; every one knows the way home to the segments' own code points.

Several detectors look through the same glasses. `Leaves` works out what is seen through them once, for whoever asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from firewall.payload.decode import Unfolded, decoded, unfold
from firewall.payload.joined import Joined, is_plain_name, join
from firewall.payload.normalize import canonical
from firewall.vocabulary import Segment, View

T = TypeVar("T")

__all__ = ["Leaves", "Seen", "canonical", "decoded", "raw", "seen"]


def raw(text: str) -> View:
    """Look at a text as it is."""
    return View("raw", text)


@dataclass(frozen=True, slots=True)
class Seen:
    """Segments as one text, and what the glasses show of it."""

    joined: Joined = field(repr=False)
    canonical: View = field(repr=False)
    unfolded: Unfolded = field(repr=False)


class Leaves(tuple[Segment, ...]):  # noqa: SLOT001 - a tuple subclass that has slots cannot remember anything
    """The segments of one document, which remember what was seen of them. May be asked from any thread."""

    def __init__(self, _: Iterable[Segment] = ()) -> None:
        """Look at nothing yet; the tuple itself has kept the segments."""
        self._lock = threading.Lock()
        self._locks: dict[object, threading.Lock] = {}
        self._told: dict[object, Any] = {}

    def once(self, question: object, work: Callable[[], T]) -> T:
        """Return what `work` returns, done once for each question; who asks second waits for who asked first."""
        with self._lock:
            lock = self._locks.setdefault(question, threading.Lock())
        with lock:  # who comes second would work out the same; waiting is cheaper
            if question not in self._told:
                self._told[question] = work()
            told: T = self._told[question]
            return told

    def seen(self, *, names: bool, context: bool) -> Seen:
        """Do as `seen` does, once for each way to ask."""
        return self.once((names, context), lambda: _seen(self, names=names, context=context))


def seen(segments: Sequence[Segment], *, names: bool, context: bool) -> Seen:
    """Return what is seen of the plain member names of a document (one short word each), or of everything else.

    The two are apart because a name alone can be a secret and cannot be an order: not everybody looks at names. With
    `context` each value stands behind the words of its field name.
    """
    if isinstance(segments, Leaves):
        return segments.seen(names=names, context=context)
    return _seen(segments, names=names, context=context)


def _seen(segments: Sequence[Segment], *, names: bool, context: bool) -> Seen:
    only = [index for index, segment in enumerate(segments) if is_plain_name(segment) == names]
    joined = join(segments, context=context, only=only)
    plain = canonical(joined.text)
    return Seen(joined, plain, unfold(joined.text, plain))
