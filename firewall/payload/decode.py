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
from firewall.payload.letters import accented, drawn, leet, mistyped
from firewall.payload.lexicon import TELLING
from firewall.payload.normalize import canonical, shown
from firewall.payload.spacing import spaced
from firewall.payload.unseen import unseen
from firewall.payload.wording import Wording, passages, patched, words_of
from firewall.vocabulary import Offsets, View

__all__ = ["DECODERS", "MAX_DEPTH", "TRUNCATED", "Unfolded", "decoded", "telling", "unfold"]

MAX_DEPTH = 3
DECODERS: tuple[Callable[[Wording], Iterator[View]], ...] = (
    base64_runs,
    base32_runs,
    hex_runs,
    codes,
    morse,
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
    "fields",
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
        left: list[View] = []
        for index, view in enumerate((View("canonical", self.text), *self.views), -1):
            if view.name == TRUNCATED:
                continue
            spans = covered.get(index, [])
            rest = _seen(_without(view, spans))
            if spans and not any(map(str.isalnum, rest.text)):  # quotes and brackets around what is shown elsewhere
                rest = View(rest.name, "")
            if rest.text or not left:
                left.append(rest)
        return left

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
            at: dict[int, int] = {}
            for inner, holder, span in _unfolded(view, plain if outer < 0 else None):
                key = inner.text, _span(inner)
                if key in seen:
                    continue
                seen.add(key)
                budget -= len(inner.text)
                if budget <= 0:
                    return Unfolded(text, tuple(views), tuple(outers), tuple(spans), truncated=True)
                if inner.name == "escape":
                    at[id(inner)] = len(views)  # what else it hides was looked for in all of the text at once
                else:
                    deeper.append((len(views), inner))
                views.append(inner)
                outers.append(outer if holder is None else at.get(id(holder), outer))
                spans.append(span)
        frontier = deeper
    return Unfolded(text, tuple(views), tuple(outers), tuple(spans), truncated=False)


class _Layers:
    """A view, and over it what it says without unseen characters, then without escapes, and so on.

    A layer of escapes comes with the passages that were changed, as views of their own: each holds what is found in it.
    """

    def __init__(self, view: View) -> None:
        self.views = [view]
        self.passages: list[list[tuple[View, int, int]]] = [[]]

    @property
    def top(self) -> View:
        """The last layer."""
        return self.views[-1]

    def unescape(self) -> Iterator[tuple[View, View | None, tuple[int, int]]]:
        """Put layers without escapes on top, as long as there are any; yield the passages with where they stand."""
        for _ in range(MAX_DEPTH):
            base = self.top
            edits = escapes(base.text)
            if not edits:
                return
            whole = patched("escape", base.text, 0, len(base.text), edits)
            grown, made = 0, []
            for start, end, group in passages(base.text, edits):
                part = patched("escape", base.text, start, end, group)
                view = View(part.name, part.text, part.offsets, base)
                low = start + grown
                grown += len(part.text) - (end - start)
                made.append((view, low, low + len(part.text)))
                yield view, *self.home((start, end))
            self.views.append(View(whole.name, whole.text, whole.offsets, base))
            self.passages.append(made)

    def home(self, span: tuple[int, int]) -> tuple[View | None, tuple[int, int]]:
        """Return the passage that a range of the top layer lies in (None: the view itself), and where in it."""
        for view, made in zip(reversed(self.views), reversed(self.passages), strict=True):
            for passage, low, high in made:
                if low <= span[0] and span[1] <= high:
                    return passage, (span[0] - low, span[1] - low)
            if view is not self.views[0] and view.offsets is not None:
                span = view.offsets.to_source(*span)
        return None, span


def _unfolded(view: View, plain: View | None) -> Iterator[tuple[View, View | None, tuple[int, int]]]:
    """Yield what each decoder reads in a view, the passage in which it was found (None: the view), and where in that.

    All but the readers of unseen characters read the view with these taken away and escapes undone.
    """
    as_it_is = Wording(view.text)
    if not view.text.isascii():
        for inner in unseen(as_it_is):
            yield View(inner.name, inner.text, inner.offsets, view), None, _span(inner)
    layers = _Layers(view)
    only_blanks = plain is not None and "".join(plain.text.split()) == "".join(view.text.split())
    folded = None if only_blanks else shown(view.text)
    if folded is not None:
        layers.views.append(View(folded.name, folded.text, folded.offsets, view))
        layers.passages.append([])
    for inner in drawn(Wording(layers.top.text)):
        yield View(inner.name, inner.text, inner.offsets, layers.top), *layers.home(_span(inner))
    yield from layers.unescape()
    base = layers.top
    wording = as_it_is if base is view else Wording(base.text)
    for decoder in DECODERS:
        found = list(decoder(wording))
        # Unseen characters may stand between letters and not between words: then they tell which blank is which.
        if decoder is spaced and folded is not None and found and (apart := list(spaced(as_it_is))):
            for inner in apart:
                yield View(inner.name, inner.text, inner.offsets, view), None, _span(inner)
            continue
        for inner in found:
            if inner.text and inner.text != base.text:
                yield View(inner.name, inner.text, inner.offsets, base), *layers.home(_span(inner))


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
