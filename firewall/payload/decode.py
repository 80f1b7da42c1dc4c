"""What is hidden in an encoding or under a disguise, unfolded: nested to a depth, bounded in size.

Each decoder takes a text, with its words, and yields views of what it can read otherwise. A decoder first asks, in one
linear search, whether there is anything for it; ordinary text costs little more than these questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from firewall.payload.breaks import bare, fields, markup, parted_words, rejoined
from firewall.payload.ciphers import backwards, substituted
from firewall.payload.encodings import TRUNCATED, base32_runs, base64_runs, codes, escapes, hex_runs, morse
from firewall.payload.letters import accented, leet, mistyped
from firewall.payload.lexicon import TELLING
from firewall.payload.normalize import canonical, shown
from firewall.payload.spacing import spaced
from firewall.payload.unseen import unseen
from firewall.payload.wording import Wording, patched, words_of
from firewall.vocabulary import Offsets, View

__all__ = ["DECODERS", "MAX_DEPTH", "TRUNCATED", "Unfolded", "decoded", "telling", "unfold"]

MAX_DEPTH = 3
DECODERS: tuple[Callable[[Wording], Iterator[View]], ...] = (
    base64_runs,
    base32_runs,
    hex_runs,
    codes,
    morse,
    escapes,
    substituted,
    backwards,
    leet,
    spaced,
    markup,
    rejoined,
    bare,
    fields,
    parted_words,
    accented,
    mistyped,
)
_SEPARATOR = "\x1e"
# Views of a part of a text keep its separators; inside a decoded run U+001E is somebody's trick.
_RUNS = frozenset(
    "base64 base64-part base32 base58 hex codes binary morse tags selectors zero-width regional upside-down reversed turned".split()
)
# Views that show all that a passage says, so that nobody has to read the passage itself as well.
_IN_CLEAR = _RUNS - {"base64-part", "turned"} | {
    "escape",
    "rot13",
    "cipher",
    "leet",
    "spaced",
    "markup",
    "rejoined",
    "typos",
}


@dataclass(frozen=True, slots=True)
class Unfolded:
    """Everything that was hidden in a text. `views[i]` was found in `views[outer[i]]`, or in the text where that is -1.

    `spans[i]` says where in it, in its own code points.
    """

    text: str = field(repr=False)
    views: tuple[View, ...]
    outer: tuple[int, ...]
    spans: tuple[tuple[int, int], ...] = field(repr=False)
    truncated: bool

    def seen(self) -> list[View]:
        """Return a canonical view of each; offsets lead home to the text. The last one stands for what was not read."""
        rest = [View(TRUNCATED, _SEPARATOR, Offsets((0, 1), (0, len(self.text))))] if self.truncated else []
        return [_seen(view) for view in self.views] + rest

    def clear(self) -> list[View]:
        """Return the text and all views in canonical form, each passage as often as it is worth reading: the text first.

        Where a view shows in clear what a passage says, the passage is left out of what the view was found in. For
        readers who take what they cannot read amiss, and who pay by the word.
        """
        covered: dict[int, list[tuple[int, int]]] = {}
        for view, outer, span in zip(self.views, self.outer, self.spans, strict=True):
            if view.name in _IN_CLEAR:
                covered.setdefault(outer, []).append(span)
        left = [
            _seen(_without(view, covered.get(index, [])))
            for index, view in enumerate((View("canonical", self.text), *self.views), -1)
            if view.name != TRUNCATED
        ]
        return [left[0], *(view for view in left[1:] if view.text.strip(f" {_SEPARATOR}"))]

    def unread(self) -> list[tuple[int, int]]:
        """Return where in the text something stands that was not unpacked: a bomb, or all of it beyond the budget."""
        whole = [(0, len(self.text))] if self.truncated else []
        return [_span(view) for view in self.views if view.name == TRUNCATED] + whole


def decoded(text: str) -> list[View]:
    """Return a canonical view of everything that was hidden in the text; offsets lead home to `text`."""
    return unfold(text).seen()


def unfold(text: str, plain: View | None = None) -> Unfolded:
    """Look for everything that is hidden in a text, and in what was found. `plain` is its canonical view, where known."""
    budget = 4 * len(text) + 16_384
    views: list[View] = []
    outers: list[int] = []
    spans: list[tuple[int, int]] = []
    seen: set[tuple[str, tuple[int, int]]] = set()
    frontier = [(-1, View("raw", text))]
    for _ in range(MAX_DEPTH):
        deeper: list[tuple[int, View]] = []
        for outer, view in frontier:
            for inner, span in _unfolded(view, plain if outer < 0 else None):
                key = inner.text, inner.to_source(0, len(inner.text))
                if key in seen:
                    continue
                seen.add(key)
                budget -= len(inner.text)
                if budget <= 0:
                    return Unfolded(text, tuple(views), tuple(outers), tuple(spans), truncated=True)
                deeper.append((len(views), inner))
                views.append(inner)
                outers.append(outer)
                spans.append(span)
        frontier = deeper
    return Unfolded(text, tuple(views), tuple(outers), tuple(spans), truncated=False)


def _unfolded(view: View, plain: View | None) -> Iterator[tuple[View, tuple[int, int]]]:
    """Yield what each decoder reads in a view, and where. All but unseen characters are read with these taken away."""
    as_it_is = Wording(view.text)
    if not view.text.isascii():
        for inner in unseen(as_it_is):
            yield View(inner.name, inner.text, inner.offsets, view), _span(inner)
    only_blanks = plain is not None and "".join(plain.text.split()) == "".join(view.text.split())
    folded = None if only_blanks else shown(view.text)
    base, wording = view, as_it_is
    if folded is not None:
        base = View(folded.name, folded.text, folded.offsets, view)
        wording = Wording(base.text)
    for decoder in DECODERS:
        found = list(decoder(wording))
        # Unseen characters may stand between letters and not between words: then they tell which blank is which.
        if decoder is spaced and folded is not None and found and (apart := list(spaced(as_it_is))):
            for inner in apart:
                yield View(inner.name, inner.text, inner.offsets, view), _span(inner)
            continue
        for inner in found:
            if inner.text and inner.text != base.text:
                span = _span(inner)
                place = span if folded is None else folded.to_source(*span)
                yield View(inner.name, inner.text, inner.offsets, base), place


def _span(view: View) -> tuple[int, int]:
    return view.to_source(0, len(view.text))


def _without(view: View, spans: list[tuple[int, int]]) -> View:
    """Return a view with some ranges of it left out; a separator of fields that stood in one stays."""
    edits: list[tuple[int, int, str]] = []
    for start, end in sorted(spans):
        first, last = (edits.pop()[:2]) if edits and start <= edits[-1][1] else (start, end)
        low, high = min(first, start), max(last, end)
        edits.append((low, high, _SEPARATOR if _SEPARATOR in view.text[low:high] else " "))
    if not edits:
        return view
    rest = patched(view.name, view.text, 0, len(view.text), edits)
    return View(rest.name, rest.text, rest.offsets, view)


def _seen(view: View) -> View:
    plain = canonical(view.text.replace(_SEPARATOR, " ") if view.name in _RUNS else view.text)
    return View(view.name, plain.text, plain.offsets, view)


def telling(text: str, needed: int) -> bool:
    """Tell whether a text holds at least `needed` of the words by which a rotated text is known."""
    return sum(word in TELLING for word in words_of(text) if len(word) > 2) >= needed
