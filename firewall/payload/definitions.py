"""Tool definitions: where each stands in a listing, and everything in it that can carry words to the model.

A listing is what MCP's `tools/list` returns, a bare list of tools, or one tool. Descriptions are only the obvious place:
titles, schema texts, defaults, enums, examples, comments, annotations, `_meta` and the names of parameters reach the
model as well, so every string, number and member name of a definition is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from firewall.errors import InvalidRequestError, LimitExceededError
from firewall.payload.document import Document, Leaf
from firewall.payload.normalize import canonical
from firewall.payload.reading import NAME, is_binary_uri
from firewall.vocabulary import Finding, Origin, Segment, Skipped, SkipReason, Span

MEANING = "mcp:tool"
# The member names of MCP's tools and of JSON Schema: structure, whoever wrote it, and too little to order anything.
FIELDS = frozenset(
    "tools nextCursor _meta name title description inputSchema outputSchema annotations icons execution taskSupport src "
    "mimeType sizes theme readOnlyHint destructiveHint idempotentHint openWorldHint $schema $id $ref $defs $anchor "
    "$comment $vocabulary $dynamicRef $dynamicAnchor definitions type properties required items prefixItems enum const "
    "default examples format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
    "minItems maxItems uniqueItems contains minContains maxContains minProperties maxProperties additionalProperties "
    "patternProperties propertyNames unevaluatedItems unevaluatedProperties dependentRequired dependentSchemas allOf "
    "anyOf oneOf not if then else deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema".split()
)
_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_TYPE_PLACE = re.compile(r"/type(?:/[0-9]{1,2})?\Z")
_DIALECT = re.compile(r"https?://json-schema\.org/draft(?:/20(?:19-09|20-12)|-0[4-7])/schema#?\Z")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{5,511}\Z")
_PARTS = re.compile(r"[_.-]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IDENTIFIER_FIELD = "identifier"  # what rules and models read in front of the words of a name
_SENTENCE = 3  # names of so many words can say something
_SMALL_NUMBER = 4
_WORDS_MARK = "~words"  # no RFC 6901 pointer holds a tilde before a `w`


@dataclass(frozen=True, slots=True)
class Definition:
    """One tool of a listing: its place in it, its name as it came, and its JSON."""

    pointer: str
    name: str = field(repr=False)
    document: Document


@dataclass(frozen=True, slots=True)
class Listing:
    """The tools of a listing in their order, and what stands beside them (`_meta`, a cursor), None where nothing does."""

    tools: tuple[Definition, ...]
    beside: Document | None


@dataclass(frozen=True, slots=True)
class Texts:
    """What can be looked at in one definition, and how many characters there are, looked at or not.

    A name of several words is read a second time as those words; `named` leads from such a segment to its leaf:
    pointer, whether it is a member name, and its length in code points.
    """

    segments: tuple[Segment, ...]
    skipped: tuple[Skipped, ...]
    characters: int
    named: Mapping[str, tuple[str, bool, int]] = field(repr=False)

    def home(self, finding: Finding) -> Finding:
        """Return a finding in the coordinates of its leaf; in the words of a name it is about the whole name."""
        if finding.pointer not in self.named:
            return finding
        pointer, is_key, length = self.named[finding.pointer]
        return replace(finding, pointer=pointer, is_key=is_key, span=Span(0, length))

    def skip_home(self, skip: Skipped) -> Skipped:
        """Return a skip at the pointer of its leaf."""
        return replace(skip, pointer=self.named[skip.pointer][0]) if skip.pointer in self.named else skip


def listing(document: Document, at: str, most: int) -> Listing:
    """Find the tools in the value at `at`, a pointer of at most one token into a parsed document.

    Raises:
        InvalidRequestError: if it is no listing, with the pointer of the place.
        LimitExceededError: if it holds more than `most` tools.
    """
    opening = document.source[document.places[at][0]]
    if opening == "[":
        return Listing(_tools(document, at, at, most), None)
    if opening != "{":
        raise InvalidRequestError("tools are an MCP tools/list result, a list of tools, or one tool", pointer=at)
    inner = f"{at}/tools"
    if inner not in document.places:
        return Listing((_tool(document, at, ""),), None)
    if document.source[document.places[inner][0]] != "[":
        raise InvalidRequestError("the tools of a listing are a list", pointer=inner)
    whole = document.sub(at) if at else document
    rest = tuple(leaf for leaf in whole.leaves if leaf.pointer != "/tools" and not leaf.pointer.startswith("/tools/"))
    return Listing(_tools(document, inner, at, most), Document(whole.source, rest) if rest else None)


def _tools(document: Document, parent: str, at: str, most: int) -> tuple[Definition, ...]:
    count = 0
    while f"{parent}/{count}" in document.places:
        count += 1
        if count > most:
            raise LimitExceededError(f"a listing holds at most {most} tools", pointer=parent)
    return tuple(_tool(document, f"{parent}/{index}", f"{parent}/{index}"[len(at) :]) for index in range(count))


def _tool(document: Document, place: str, pointer: str) -> Definition:
    if document.source[document.places[place][0]] != "{":
        raise InvalidRequestError("a tool's definition is an object", pointer=place)
    own = document.sub(place) if place else document
    name = next((leaf.text for leaf in own.leaves if leaf.pointer == "/name" and leaf.kind == "string"), "")
    if not name:
        raise InvalidRequestError("a tool has a name", pointer=f"{place}/name")
    for leaf in own.leaves:  # its digest would have no number to write
        if leaf.kind == "number" and math.isinf(float(leaf.text)):
            raise InvalidRequestError("a number is larger than a double can hold", pointer=f"{place}{leaf.pointer}")
    return Definition(pointer, name, own)


def texts(document: Document) -> Texts:
    """Find everything in a definition that can carry text. Nothing is left out without a Skipped."""
    segments: list[Segment] = []
    skipped: list[Skipped] = []
    named: dict[str, tuple[str, bool, int]] = {}
    characters = 0
    names = {leaf.text for leaf in document.leaves if leaf.kind == "key"}
    for leaf in document.leaves:
        text, is_key = leaf.text, leaf.kind == "key"
        if not text or (leaf.kind == "number" and len(text) < _SMALL_NUMBER) or _is_structure(leaf, names):
            continue
        characters += len(text)
        if leaf.kind == "string" and is_binary_uri(text):
            skipped.append(Skipped(NAME, leaf.pointer, SkipReason.BINARY))
            continue
        segments.append(Segment(leaf.pointer, Origin.TOOL_DEFINITION, text, leaf.field_name, MEANING, is_key))
        words = name_words(canonical(text).text)
        if words:
            # A member and its name share a pointer, so the mark tells which of them the words are of.
            mark = f"{leaf.pointer}{_WORDS_MARK}{'-name' if is_key else ''}"
            named[mark] = (leaf.pointer, is_key, len(text))
            segments.append(Segment(mark, Origin.TOOL_DEFINITION, words, _IDENTIFIER_FIELD, MEANING))
            characters += len(words)
    return Texts(tuple(segments), tuple(skipped), characters, named)


def name_words(text: str) -> str:
    """Return the words of an identifier (`snake_case`, `camelCase`, dots, dashes), or "" where it can say nothing."""
    if not _IDENTIFIER.match(text):
        return ""
    words = [part for part in _PARTS.split(text) if part]
    return " ".join(words).lower() if len(words) >= _SENTENCE else ""


def _is_structure(leaf: Leaf, names: AbstractSet[str]) -> bool:
    """Tell whether a leaf is a constant of MCP or JSON Schema, or repeats a name that is read where it is declared."""
    if leaf.kind == "key":
        return leaf.text in FIELDS
    if leaf.kind == "number":
        return False
    if leaf.text in _TYPES:
        return _TYPE_PLACE.search(leaf.pointer) is not None
    if leaf.field_name == "required":
        return leaf.text in names
    return leaf.field_name == "$schema" and _DIALECT.match(leaf.text) is not None
