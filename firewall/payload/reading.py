"""A Document becomes Segments: every string, number and name, with who wrote it and what could not be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from firewall.payload.dialects import mcp
from firewall.payload.document import Document, Leaf
from firewall.vocabulary import Direction, Origin, Segment, Skipped, SkipReason

NAME = "payload"
_DATA_URI = re.compile(
    r"data:[a-z0-9.+/-]{0,80}(?:;[a-z0-9=._-]{0,80}){0,4};base64,([A-Za-z0-9+/=\s]*)\Z", re.IGNORECASE
)
_SMALL_NUMBER = 4  # shorter spellings cannot identify anybody and are not worth a look


@dataclass(frozen=True, slots=True)
class Reading:
    """What can be looked at. `leaves[i]` is the document's leaf of segment `i`.

    `blobs` holds, by pointer, the segments whose text is kept as base64 on the wire.
    """

    document: Document
    segments: tuple[Segment, ...]
    leaves: tuple[int, ...] = field(repr=False)
    blobs: Mapping[str, int] = field(repr=False)
    skipped: tuple[Skipped, ...]
    characters: int

    def wire_range(self, pointer: str, is_key: bool, start: int, end: int) -> tuple[int, int]:
        """Map a span of the segment at a pointer to the coordinates of its leaf as it came."""
        index = None if is_key else self.blobs.get(pointer)
        return (start, end) if index is None else mcp.blob_range(self.segments[index].text, start, end)

    def names_of(self, parents: Collection[str]) -> dict[str, set[str]]:
        """Return the member names of the object at each of the pointers."""
        names: dict[str, set[str]] = {parent: set() for parent in parents}
        for leaf in self.document.leaves if names else ():
            if leaf.kind == "key" and (parent := leaf.pointer.rpartition("/")[0]) in names:
                names[parent].add(leaf.text)
        return names

    def edited(self, texts: Mapping[int, str]) -> str:
        """Return the payload's JSON with the text of each segment index replaced, and not a character more."""
        blobs = frozenset(self.blobs.values())
        return self.document.edited(
            {self.leaves[index]: mcp.blob_of(text) if index in blobs else text for index, text in texts.items()}
        )


def read(document: Document, direction: Direction) -> Reading:
    """Find everything in a payload that can carry text. Nothing is left out without a Skipped."""
    is_mcp = direction is Direction.OUTBOUND and mcp.recognises(document)
    blocks = mcp.block_types(document) if is_mcp else {}
    plain = Origin.TOOL_CALL if direction is Direction.INBOUND else Origin.TOOL_RESULT
    segments: list[Segment] = []
    leaves: list[int] = []
    blobs: dict[str, int] = {}
    skipped: list[Skipped] = []
    characters = 0
    for index, leaf in enumerate(document.leaves):
        sense, origin = mcp.meaning(leaf, blocks) if is_mcp else ("", plain)
        text = leaf.text
        if is_mcp and sense.startswith("mcp:") and mcp.is_protocol(leaf):
            continue
        if not text or (leaf.kind == "number" and len(text) < _SMALL_NUMBER):
            continue
        characters += len(text)
        if leaf.kind == "string":
            if is_binary_uri(text):
                skipped.append(Skipped(NAME, leaf.pointer, SkipReason.BINARY))
                continue
            if sense in ("mcp:media", "mcp:blob"):
                decoded = mcp.blob_text(text)
                if decoded is SkipReason.BINARY:
                    skipped.append(Skipped(NAME, leaf.pointer, SkipReason.BINARY))
                    continue
                if isinstance(decoded, SkipReason):  # not base64 at all: read as the plain text it is, and say so
                    skipped.append(Skipped(NAME, leaf.pointer, decoded))
                else:
                    blobs[leaf.pointer] = len(segments)
                    text = decoded
        segments.append(_segment(leaf, text, origin, sense))
        leaves.append(index)
    return Reading(document, tuple(segments), tuple(leaves), blobs, tuple(skipped), characters)


def is_binary_uri(text: str) -> bool:
    """Tell whether a text is a base64 data URI of something that is no text, such as a picture."""
    uri = _DATA_URI.match(text)
    return uri is not None and mcp.blob_text("".join(uri[1].split())) is SkipReason.BINARY


def _segment(leaf: Leaf, text: str, origin: Origin, sense: str) -> Segment:
    # "text: " in front of every MCP text block would be noise for whoever reads the field name as context.
    name = "" if sense == "mcp:text/text" else leaf.field_name
    return Segment(leaf.pointer, origin, text, name, sense, leaf.kind == "key")
