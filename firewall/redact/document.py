"""A whole payload, cleaned: every segment edited, member names kept apart, and pointers that show cleaned names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from firewall.redact.keys import Keys
from firewall.redact.redact import redact, unique_names
from firewall.vocabulary import Redaction, Segment


@dataclass(frozen=True, slots=True)
class Edits:
    """New texts by segment index, and the new name of each renamed member by its pointer."""

    texts: Mapping[int, str] = field(repr=False)
    names: Mapping[str, str] = field(repr=False)

    def shown(self, pointer: str) -> str:
        """Return a pointer in which every renamed member has its new name, so that it shows nobody's data."""
        if not self.names or not pointer:
            return pointer
        tokens = pointer.split("/")
        for index in range(1, len(tokens)):
            renamed = self.names.get("/".join(pointer.split("/")[: index + 1]))
            if renamed is not None:
                tokens[index] = renamed.replace("~", "~0").replace("/", "~1")
        return "/".join(tokens)


def edit(
    segments: Sequence[Segment],
    redactions: Sequence[Redaction],
    keys: Keys,
    names_of: Callable[[Collection[str]], Mapping[str, set[str]]],
) -> Edits:
    """Apply redactions to segments. `names_of(pointers)` returns the member names of the object at each pointer."""
    wanted: dict[tuple[str, bool], list[Redaction]] = defaultdict(list)
    for item in redactions:
        wanted[item.pointer, item.is_key].append(item)
    texts: dict[int, str] = {}
    renamed: dict[str, list[int]] = defaultdict(list)
    for index, segment in enumerate(segments):
        mine = wanted.get((segment.pointer, segment.is_key))
        if not mine:
            continue
        text = redact(segment, mine, keys)
        if text != segment.text:
            texts[index] = text
            if segment.is_key:
                renamed[segment.pointer.rpartition("/")[0]].append(index)
    names: dict[str, str] = {}
    known = names_of(renamed.keys())
    for parent, indices in renamed.items():
        taken = known[parent] - {segments[index].text for index in indices}
        for index, name in zip(indices, unique_names([texts[index] for index in indices], taken), strict=True):
            texts[index] = name
            names[segments[index].pointer] = name
    return Edits(texts, names)
