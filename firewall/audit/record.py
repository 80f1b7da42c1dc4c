"""What one inspection leaves behind: plain values about the call and its outcome, and never a character of its text.

The canonical form is JSON with sorted keys, no white space and ASCII only. Numbers that were measured are written
as strings of fixed decimals, so that the same entry has the same bytes on every platform.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from uuid_utils import uuid7

from firewall.vocabulary import Action, Coverage, Direction, Finding, Severity, Skipped

SCHEMA = 1
INSPECTION, RESTORE = "inspection", "restore"  # what an entry is about
DECIDED = "decided"  # the outcome of an inspection that ended in a decision; any other outcome is an error's code
IDENTITY_LIMIT = 256  # code points kept of each value that a caller chose
LIST_LIMIT = 64  # roles and data classes kept of one call

# The member names that MCP itself and our own wire contract use: they are structure and never hold a person's data.
MCP_FIELDS = frozenset(
    {
        "_meta",
        "annotations",
        "arguments",
        "audience",
        "blob",
        "content",
        "data",
        "description",
        "isError",
        "lastModified",
        "mimeType",
        "name",
        "priority",
        "resource",
        "result",
        "size",
        "structuredContent",
        "text",
        "title",
        "type",
        "uri",
    }
)

# Four digits cover every array a request may carry in practice. Longer runs of digits are taken for a member name,
# because record numbers, telephone numbers and social security numbers stand as keys in real payloads.
_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,3})\Z", re.ASCII)
_MARK = 9  # "~" and eight hex digits


def new_audit_id() -> str:
    """Return a fresh UUIDv7: unique, and in the order of time."""
    return str(uuid7())


def rfc3339(moment: datetime | None = None) -> str:
    """Write an aware moment (default: now) as RFC 3339 in UTC with microseconds; such strings sort by time."""
    moment = datetime.now(UTC) if moment is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def identity(value: str) -> str:
    """Make a value that a caller chose safe to keep and to print: printable characters only, at most 256 of them.

    A value that had to be changed ends in `~` and the first eight hex digits of its SHA-256, so that nobody can
    pass for another user by adding invisible characters to that user's name.
    """
    if len(value) <= IDENTITY_LIMIT and value.isprintable():
        return value
    kept = "".join(character for character in value if character.isprintable())[: IDENTITY_LIMIT - _MARK]
    return f"{kept}~{sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[: _MARK - 1]}"


def place_of(pointer: str, known: frozenset[str]) -> str:
    """Return an RFC 6901 pointer with every token that may be somebody's data replaced by `*`.

    Array indices (up to four digits) and tokens in `known` (`MCP_FIELDS` and the property names of the tool's
    schema, unescaped) stay. "" stays "": it is the whole payload.
    """
    if not pointer:
        return ""
    return "/".join(_shown(token, known) for token in pointer.split("/"))


def _shown(token: str, known: frozenset[str]) -> str:
    if not token or _INDEX.match(token) or token.replace("~1", "/").replace("~0", "~") in known:
        return token
    return "*"


@dataclass(frozen=True, slots=True)
class ToolRef:
    """Which tool was called; `digest` is that of its registered definition."""

    server: str = ""
    name: str = ""
    version: str = ""
    digest: str = ""

    def __post_init__(self) -> None:
        """Bound the names, which come from the caller."""
        for name in ("server", "name", "version", "digest"):
            object.__setattr__(self, name, identity(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One finding as the trail keeps it. `place` comes from `place_of`, `fingerprint` from `Fingerprinter`.

    `start` and `end` are code points of the leaf's text, or None where the finding is about the whole call.
    """

    detector: str
    rule_id: str
    entity_type: str
    place: str
    start: int | None
    end: int | None
    score: float
    severity: Severity
    action: Action
    fingerprint: str = ""

    @classmethod
    def of(cls, finding: Finding, action: Action, known: frozenset[str], fingerprint: str = "") -> AuditFinding:
        """Keep of a finding what may be kept, with the action that the policy gave it."""
        span = finding.span
        return cls(
            finding.detector,
            finding.rule_id,
            finding.entity_type,
            place_of(finding.pointer, known),
            None if span is None else span.start,
            None if span is None else span.end,
            finding.score,
            finding.severity,
            action,
            fingerprint,
        )


@dataclass(frozen=True, slots=True)
class AuditSkipped:
    """What a detector did not look at, and why."""

    detector: str
    place: str
    reason: str

    @classmethod
    def of(cls, skipped: Skipped, known: frozenset[str]) -> AuditSkipped:
        """Keep of a skip what may be kept."""
        return cls(skipped.detector, place_of(skipped.pointer, known), skipped.reason.value)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Everything that is told about one inspection, or one restore. Whatever was not reached keeps its default.

    `outcome` is "decided" or the code of the error that ended the call; `action` is None unless decided.
    `risk_class`, `data_classes`, `policy_*` and the digests say under which registry, policy, bundle, rules and
    models the decision was made. A restore has `counts` of its tokens. `scores` are 0..1, `timings_ms` are milliseconds by stage.
    """

    audit_id: str = field(default_factory=new_audit_id)
    time: str = field(default_factory=rfc3339)
    direction: Direction | None = None
    tenant: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    model: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    request_id: str = field(default="", repr=False)
    purpose: str = field(default="", repr=False)
    roles: tuple[str, ...] = field(default=(), repr=False)
    tool: ToolRef = field(default_factory=ToolRef, repr=False)
    risk_class: str = ""
    data_classes: tuple[str, ...] = ()
    action: Action | None = None
    enforced: bool = True
    dry_run: bool = False
    reasons: tuple[str, ...] = ()
    policy_id: str = ""
    policy_version: str = ""
    bundle: str = ""
    rules: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[AuditFinding, ...] = ()
    skipped: tuple[AuditSkipped, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    scores: Mapping[str, float] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    outcome: str = DECIDED
    kind: str = INSPECTION
    counts: Mapping[str, int] = field(default_factory=dict)
    ad_hoc: tuple[int, str] | None = None  # rules that came with the request: how many, and their keyed digest

    def __post_init__(self) -> None:
        """Bound and clean what the caller chose; refuse an outcome that contradicts the action."""
        if (self.outcome == DECIDED) is (self.action is None):
            raise ValueError("an entry has an action exactly when its outcome is a decision")
        for name in ("audit_id", "time", "tenant", "user", "model", "session", "request_id", "purpose"):
            object.__setattr__(self, name, identity(getattr(self, name)))
        for name in ("roles", "data_classes"):
            object.__setattr__(self, name, tuple(identity(value) for value in getattr(self, name)[:LIST_LIMIT]))


def canonical(entry: AuditEntry) -> bytes:
    """Return the entry's canonical JSON: the bytes that are stored and hashed."""
    return dump(
        {
            "schema": SCHEMA,
            "audit_id": entry.audit_id,
            "time": entry.time,
            "direction": None if entry.direction is None else entry.direction.value,
            "tenant": entry.tenant,
            "user": entry.user,
            "model": entry.model,
            "session": entry.session,
            "request_id": entry.request_id,
            "purpose": entry.purpose,
            "roles": entry.roles,
            "tool": {
                "server": entry.tool.server,
                "name": entry.tool.name,
                "version": entry.tool.version,
                "digest": entry.tool.digest,
            },
            "risk_class": entry.risk_class,
            "data_classes": entry.data_classes,
            "action": None if entry.action is None else entry.action.name.lower(),
            "enforced": entry.enforced,
            "dry_run": entry.dry_run,
            "reasons": entry.reasons,
            "policy": {"id": entry.policy_id, "version": entry.policy_version},
            "bundle": entry.bundle,
            "rules": entry.rules,
            "models": dict(entry.models),
            "findings": [_finding(finding) for finding in entry.findings],
            "skipped": [
                {"detector": skip.detector, "place": skip.place, "reason": skip.reason} for skip in entry.skipped
            ],
            "coverage": {"scanned": entry.coverage.scanned, "total": entry.coverage.total},
            "scores": {name: f"{score:.4f}" for name, score in entry.scores.items()},
            "timings_ms": {name: f"{spent:.3f}" for name, spent in entry.timings_ms.items()},
            "outcome": entry.outcome,
            **({} if entry.kind == INSPECTION else {"kind": entry.kind, "counts": dict(entry.counts)}),
            **({} if entry.ad_hoc is None else {"ad_hoc": {"rules": entry.ad_hoc[0], "digest": entry.ad_hoc[1]}}),
        }
    )


def dump(value: Mapping[str, object]) -> bytes:
    """Write plain values as canonical JSON: sorted keys, no white space, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def _finding(finding: AuditFinding) -> dict[str, object]:
    return {
        "detector": finding.detector,
        "rule_id": finding.rule_id,
        "entity_type": finding.entity_type,
        "place": finding.place,
        "start": finding.start,
        "end": finding.end,
        "score": f"{finding.score:.4f}",
        "severity": finding.severity.name.lower(),
        "action": finding.action.name.lower(),
        "fingerprint": finding.fingerprint,
    }
