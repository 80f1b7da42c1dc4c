"""A listing of tools held against the registry: what drifted from what was approved, and which names mislead.

Deterministic, and blind to what the definitions say: that is the detectors' business.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from firewall.access.digest import same_digest
from firewall.access.names import bare, one_slip_apart, skeleton
from firewall.access.registry import NAME, Registry
from firewall.vocabulary import Finding, Origin, Severity

_TAGS = ("owasp-llm06",)


class Drift(StrEnum):
    """How a definition stands to what was approved."""

    PINNED = "pinned"  # it is the approved one
    CHANGED = "changed"  # another one was approved
    UNPINNED = "unpinned"  # the tool is registered; nobody has pinned its definition
    UNKNOWN = "unknown"  # the tool is not registered


@dataclass(frozen=True, slots=True)
class Listed:
    """One tool of a listing: its name, the same in Latin letters without invisible characters, and its digest."""

    name: str = field(repr=False)
    plain_name: str = field(repr=False)
    digest: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the registry says of one listed tool."""

    drift: Drift
    findings: tuple[Finding, ...]


def check_listing(registry: Registry, server: str, tools: Sequence[Listed]) -> list[Standing]:
    """Hold every tool of a server's listing against the registry and against the others, in their order."""
    looks = [skeleton(tool.plain_name) for tool in tools]
    times = Counter(looks)
    known = _Known(registry)
    standings = []
    for tool, look in zip(tools, looks, strict=True):
        drift = _drift(registry, server, tool)
        findings = [_DRIFT[drift]] if drift in _DRIFT else []
        if times[look] > 1:
            findings.append(_finding("access.definition.3", "TOOL_NAME_DUPLICATE", Severity.HIGH, "/name"))
        if drift is Drift.UNKNOWN:
            findings += known.confused(tool, look)
        standings.append(Standing(drift, tuple(findings)))
    return standings


def _drift(registry: Registry, server: str, tool: Listed) -> Drift:
    registered = registry.find(server, tool.name)
    if registered is None:
        return Drift.UNKNOWN
    if registered.digest is None:
        return Drift.UNPINNED
    return Drift.PINNED if same_digest(registered.digest, tool.digest) else Drift.CHANGED


class _Known:
    """All registered names, for a tool that is not registered to be compared with."""

    def __init__(self, registry: Registry) -> None:
        self._bare = {bare(name) for _, name in registry.tools}
        self._looks = {skeleton(name) for _, name in registry.tools}
        self._by_length: dict[int, set[str]] = defaultdict(set)
        for look in self._looks:
            self._by_length[len(look)].add(look)

    def confused(self, tool: Listed, look: str) -> list[Finding]:
        """Say whether a name is that of a registered tool, passes for it, or is a slip away from it.

        Two servers may honestly use one name, and then a person decides; nobody honest spells it with foreign letters.
        """
        if bare(tool.name) in self._bare:
            return [_finding("access.definition.4", "TOOL_NAME_SHADOWS", Severity.MEDIUM, "/name")]
        if look in self._looks:
            return [_finding("access.definition.5", "TOOL_NAME_LOOKALIKE", Severity.HIGH, "/name")]
        near = (other for length in (-1, 0, 1) for other in self._by_length.get(len(look) + length, ()))
        if any(one_slip_apart(look, other) for other in near):
            return [_finding("access.definition.6", "TOOL_NAME_NEAR", Severity.MEDIUM, "/name")]
        return []


def _finding(rule_id: str, entity_type: str, severity: Severity, pointer: str = "") -> Finding:
    return Finding(NAME, rule_id, entity_type, pointer, None, 1.0, severity, Origin.TOOL_DEFINITION, _TAGS)


_DRIFT = {
    Drift.CHANGED: _finding("access.definition.1", "TOOL_DEFINITION_CHANGED", Severity.HIGH),
    Drift.UNPINNED: _finding("access.definition.2", "TOOL_DEFINITION_UNPINNED", Severity.LOW),
    # A call of it is blocked; the listing only says that somebody should look.
    Drift.UNKNOWN: _finding("access.registry.1", "TOOL_NOT_REGISTERED", Severity.MEDIUM),
}
