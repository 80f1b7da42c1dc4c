"""MCP CallToolResult (specification 2025-11-25): content blocks, embedded resources, structuredContent, `_meta`.

Text stands in more places than `content[].text`; every string, number and member name of the result is read. What
differs from plain JSON: blobs are base64 of something that may be text, image and audio data is not text at all, and
resources were written by somebody else than the tool.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from firewall.payload.document import Document, Leaf
from firewall.vocabulary import Origin, SkipReason

_BLOCK = re.compile(r"(/content/[0-9]+)(/.*)?\Z", re.DOTALL)
_TYPES = frozenset({"text", "image", "audio", "resource", "resource_link"})
_WORDS = frozenset(
    "content structuredContent isError _meta type text data mimeType resource uri blob annotations name title description "
    "size audience priority lastModified".split()
)
_SAMPLE = 4_096


def recognises(document: Document) -> bool:
    """Tell whether a document has the shape of a CallToolResult."""
    return any(
        (leaf.kind == "key" and leaf.pointer == "/structuredContent")
        or (
            leaf.kind == "string"
            and leaf.text in _TYPES
            and leaf.pointer.endswith("/type")
            and _BLOCK.match(leaf.pointer)
        )
        for leaf in document.leaves
    )


def block_types(document: Document) -> Mapping[str, str]:
    """Return the type of each content block by the block's pointer."""
    return {
        leaf.pointer[: -len("/type")]: leaf.text
        for leaf in document.leaves
        if leaf.kind == "string"
        and leaf.pointer.endswith("/type")
        and leaf.pointer.count("/") == 3
        and leaf.pointer.startswith("/content/")
    }


def meaning(leaf: Leaf, blocks: Mapping[str, str]) -> tuple[str, Origin]:
    """Return what the place of a leaf means (`mcp:text`, `mcp:blob`, ...) and who wrote what stands there."""
    match = _BLOCK.match(leaf.pointer)
    if match is None:
        member = leaf.pointer.split("/", 2)[1] if leaf.pointer else ""
        return f"mcp:{member if member in _WORDS else 'result'}", Origin.TOOL_RESULT
    kind, inner = blocks.get(match[1], ""), match[2] or ""
    kind = kind if kind in _TYPES else "content"  # a meaning is shown, so it is one of our words
    origin = Origin.RESOURCE if kind in ("resource", "resource_link") else Origin.TOOL_RESULT
    if inner == "/data" and kind in ("image", "audio"):
        return "mcp:media", origin
    if inner == "/resource/blob" and kind == "resource":
        return "mcp:blob", origin
    return f"mcp:{kind}{inner if inner in ('/text', '/type', '/uri', '/name', '/description') else ''}", origin


def is_protocol(leaf: Leaf) -> bool:
    """Tell whether a leaf is one of the protocol's own constants, which cannot carry anything."""
    depth = leaf.pointer.count("/")
    if leaf.pointer.startswith(("/structuredContent/", "/_meta/")) or depth > 4:
        return False
    return leaf.text in (_WORDS if leaf.kind == "key" else _TYPES if leaf.pointer.endswith("/type") else ())


def blob_text(blob: str) -> str | SkipReason:
    """Decode an embedded resource's blob: its text, or why it cannot be read as text."""
    try:
        data = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return SkipReason.ENCODING
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return SkipReason.BINARY
    sample = text[:_SAMPLE]
    drawn = sum(1 for char in sample if char.isprintable() or char in "\r\n\t\f\v")
    return text if drawn >= 0.9 * len(sample) else SkipReason.BINARY


def blob_of(text: str) -> str:
    """Encode edited text as a blob again."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def blob_range(text: str, start: int, end: int) -> tuple[int, int]:
    """Map code points of a blob's text to the characters of the blob that carry them."""
    if text.isascii():
        return start // 3 * 4, -(-end // 3) * 4
    first = len(text[:start].encode("utf-8"))
    last = len(text[:end].encode("utf-8"))
    return first // 3 * 4, -(-last // 3) * 4
