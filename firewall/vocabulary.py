"""The nouns of the house. Every other file speaks in these; none of them can print what was inspected.

Positions are always code points of a segment's own text, whatever glass (`View`) a detector looked through.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol


class Direction(StrEnum):
    """Which way the inspected payload travels."""

    INBOUND = "inbound"  # arguments, on their way to the tool
    OUTBOUND = "outbound"  # a result, on its way back to the model


class Origin(StrEnum):
    """Who wrote a segment, and so who may be giving orders in it."""

    TOOL_CALL = "tool_call"
    USER_PROMPT = "user_prompt"  # what a user said, in an argument that the registry names: who may ask for things
    TOOL_RESULT = "tool_result"
    RESOURCE = "resource"
    TOOL_DEFINITION = "tool_definition"  # the author of a tool, who may say how it is used and nothing else


class Severity(IntEnum):
    """How bad a finding is if it is true."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Action(IntEnum):
    """What becomes of the payload; `max()` of two actions is the stricter one."""

    ALLOW = 0
    REDACT = 1
    REVIEW = 2
    BLOCK = 3


class SkipReason(StrEnum):
    """Why a detector did not look. A closed list, so that policies can answer each by name."""

    BINARY = "binary"  # an image, audio or other bytes that hold no text
    BUDGET = "budget"  # the document is larger than the detector may spend on it
    DEADLINE = "deadline"
    OVERLOAD = "overload"
    CRASH = "crash"
    ENCODING = "encoding"  # declared as text, does not decode
    UNAVAILABLE = "unavailable"  # a model or an engine that answered nonsense or is not loaded


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A non-empty, half-open range `[start, end)` of code points."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse an empty or reversed range."""
        if not 0 <= self.start < self.end:
            raise ValueError("a span is non-empty and does not run backwards")

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two ranges share a code point."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Segment:
    """One leaf of a payload: where it stands, who wrote it, and what its place means.

    `pointer` is the RFC 6901 pointer of the leaf ("" for the whole payload); a member's *name* shares the
    pointer of the member and has `is_key`. `meaning` is the structural meaning where a dialect knows one,
    for example `mcp:content.text` or `fhir:Patient.birthDate`.
    """

    pointer: str = field(repr=False)
    origin: Origin
    text: str = field(repr=False)
    field_name: str = field(default="", repr=False)
    meaning: str = ""
    is_key: bool = False


class ViewKind(StrEnum):
    """The glasses a segment is looked at through."""

    RAW = "raw"
    CANONICAL = "canonical"
    DECODED = "decoded"


@dataclass(frozen=True, slots=True)
class Offsets:
    """The way home from a view to its source, as breakpoints of a piecewise map.

    Piece `i` maps view `[view[i], view[i+1])` to source `[source[i], source[i+1])`. Pieces of equal length
    map character by character; others map as a whole. Both tuples never run backwards.
    """

    view: tuple[int, ...]
    source: tuple[int, ...]

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """Map the non-empty view range `[start, end)` to the smallest source range that covers it."""
        first = bisect_right(self.view, start) - 1
        last = bisect_right(self.view, end - 1) - 1
        low = self.source[first]
        if self._linear(first):
            low += start - self.view[first]
        high = self.source[last] + end - self.view[last] if self._linear(last) else self.source[last + 1]
        return low, high

    def _linear(self, piece: int) -> bool:
        return self.view[piece + 1] - self.view[piece] == self.source[piece + 1] - self.source[piece]


@dataclass(frozen=True, slots=True)
class View:
    """A segment's text seen through one glass, or through several: `over` is the view this one was made from.

    `offsets` is None where this glass maps character by character.
    """

    name: str
    text: str = field(repr=False)
    offsets: Offsets | None = field(default=None, repr=False)
    over: View | None = field(default=None, repr=False)

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """Map the non-empty range `[start, end)` of this view to the segment's own code points."""
        if self.offsets is not None:
            start, end = self.offsets.to_source(start, end)
        return (start, end) if self.over is None else self.over.to_source(start, end)


@dataclass(frozen=True, slots=True)
class Finding:
    """Saw this, there. Carries no text, so nothing that can be printed can leak.

    `span` is None where the finding is about the whole call (an unknown tool) rather than about characters.
    """

    detector: str
    rule_id: str
    entity_type: str
    pointer: str = field(repr=False)
    span: Span | None
    score: float
    severity: Severity
    origin: Origin
    tags: tuple[str, ...] = ()
    is_key: bool = False
    level: int = 1


@dataclass(frozen=True, slots=True)
class Skipped:
    """Did not look, because. The policy must answer it; silence means fail closed."""

    detector: str
    pointer: str = field(repr=False)
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many characters a detector was given and how many of them it looked at."""

    scanned: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """All that was and was not seen. `scores` holds calibrated document scores by name (`injection`)."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    coverage: Coverage = Coverage()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operator:
    """How a span is edited: one of Presidio's operator names and its parameters."""

    name: str = "replace"
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redaction:
    """One edit that the policy asks for."""

    pointer: str = field(repr=False)
    span: Span
    entity_type: str
    operator: Operator
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, as far as the caller said. Unverified until an authentication layer says otherwise."""

    tenant: str = ""
    user: str = field(default="", repr=False)
    model: str = ""
    session: str = field(default="", repr=False)
    request_id: str = field(default="", repr=False)
    purpose: str = field(default="", repr=False)
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolRef:
    """The tool as the gateway names it."""

    server: str
    name: str
    version: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One inspected tool call: which way, which tool, who, and what the registry knows of the tool."""

    direction: Direction
    tool: ToolRef
    identity: Identity
    risk_class: str = "unknown"
    data_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy made of a report. `actions` and `clauses` (ids) run parallel to the report's findings."""

    action: Action
    redactions: tuple[Redaction, ...]
    reasons: tuple[str, ...]
    policy_id: str
    policy_version: str
    enforced: bool
    actions: tuple[Action, ...] = ()
    clauses: tuple[str | None, ...] = ()


class Detector(Protocol):
    """Sees; decides nothing. Takes all segments at once, so that batching needs no second interface."""

    @property
    def name(self) -> str:
        """The name that findings, skips and timings of this detector carry."""
        ...

    async def detect(self, segments: Sequence[Segment]) -> Report:
        """Look at every segment and say what was seen and what was not."""
        ...


class Follower(Protocol):
    """Looks once more when all detectors have answered, for what they found in one place and may stand in others."""

    @property
    def name(self) -> str:
        """The name that findings, skips and timings of this pass carry."""
        ...

    def known_of(self, session: Identity | None) -> object:
        """Return what is known of a caller's session; None: of nobody's, for a document that comes in parts."""
        ...

    async def follow(self, findings: Sequence[Finding], segments: Sequence[Segment], known: object | None) -> Report:
        """Say what else there is, given what was found and, where it is not None, what was known before."""
        ...
