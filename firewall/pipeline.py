"""The whole story of one inspection, on one page.

    document -> segments -> findings + skipped -> decision -> document' -> audit record

Nothing runs back. Detectors see, the policy decides, redaction edits, audit tells; none of them knows another.
What passages were cut from is looked at once more before it passes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from firewall.access.registry import Registry, attributed, check
from firewall.audit.fingerprint import Fingerprinter, derive
from firewall.audit.record import MCP_FIELDS, AuditEntry, AuditFinding, AuditSkipped, new_audit_id
from firewall.audit.record import ToolRef as AuditTool
from firewall.errors import AuditUnavailableError
from firewall.inference.verdicts import on_behalf_of
from firewall.payload.document import Document
from firewall.payload.reading import Reading, read
from firewall.policy.decide import decide, decide_again, excises, excising, reported
from firewall.policy.policy import Policy, PolicySet
from firewall.redact.document import Edits, edit
from firewall.redact.redact import placeholders
from firewall.rules import Rule
from firewall.vocabulary import (
    Action,
    Call,
    Coverage,
    Decision,
    Detector,
    Direction,
    Finding,
    Identity,
    Report,
    Segment,
    Skipped,
    SkipReason,
    ToolRef,
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One request, read: a payload and what the caller said about it."""

    direction: Direction
    tool: ToolRef
    identity: Identity
    document: Document
    policy: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that decides, as one value: swapped in one assignment, used whole by each inspection."""

    detectors: Mapping[Direction, Sequence[Detector]]
    definition_detectors: Sequence[Detector]  # for what servers say of their tools
    policies: PolicySet
    registry: Registry
    rules: Mapping[str, Rule]
    entity_types: frozenset[str]
    digest: str
    rules_digest: str
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What came of an inquiry. `content` is JSON text: as it came, cleaned, or None where nothing may pass."""

    reading: Reading
    report: Report
    decision: Decision
    edits: Edits
    content: str | None = field(repr=False)
    bundle: Bundle
    audit_id: str | None
    timings_ms: Mapping[str, float]


class Recorder(Protocol):
    """Takes the record of each inspection. The service's is an AuditLog; a command may keep none."""

    @property
    def healthy(self) -> bool:
        """Whether the next record can be expected to be taken."""
        ...

    async def append(self, entry: AuditEntry) -> object:
        """Take a record; return when it is as safe as it will be. Raises AuditUnavailableError when it is not taken."""
        ...


class Unrecorded:
    """Keeps no record: for commands that work on the user's own files, outside any agent's traffic."""

    healthy = True

    async def append(self, entry: AuditEntry) -> None:
        """Let the record go."""


class Pipeline:
    """The road. `bundle` may be replaced at any time; an inspection under way keeps the one it began with."""

    def __init__(self, bundle: Bundle, audit: Recorder, key: bytes, *, deadline_s: float) -> None:
        """Take what decides, where to tell it, the secret behind fingerprints, and a detector's time in seconds."""
        self.bundle = bundle
        self.audit = audit
        self.fingerprinter = Fingerprinter(key)
        self._key = key
        self.deadline_s = deadline_s

    async def inspect(self, inquiry: Inquiry) -> Inspection:
        """Inspect one call. Raises AuditUnavailableError when it cannot be recorded and the policy insists."""
        with on_behalf_of(inquiry.identity.tenant):  # what models answer is remembered for this tenant alone
            return await self._inspect(inquiry)

    async def _inspect(self, inquiry: Inquiry) -> Inspection:
        clock = _Clock()
        bundle = self.bundle
        call = _call(inquiry, bundle.registry)
        policy = bundle.policies.select(call, inquiry.policy)

        reading = read(inquiry.document, inquiry.direction)
        reading = replace(reading, segments=attributed(bundle.registry, call, reading.segments))
        arguments = inquiry.document.source if inquiry.direction is Direction.INBOUND else None
        access = Report(findings=check(bundle.registry, call, arguments))
        clock.lap("read")

        looked = [look(detector, reading.segments, self.deadline_s) for detector in bundle.detectors[inquiry.direction]]
        report = _merge(reading, [access, *await asyncio.gather(*looked)], bundle.entity_types)
        report = replace(report, findings=reported(report, policy))
        clock.lap("detect")

        decision = decide(report, call, policy)
        clock.lap("decide")
        edits = edit(reading.segments, decision.redactions, self._salt(call), reading.names_of)
        if excises(decision) and decision.action < Action.BLOCK:
            decision = await self._look_again(reading, edits, decision, call, policy, bundle, clock)
        content = None if decision.action is Action.BLOCK else reading.edited(edits.texts)
        if not policy.enforced:
            content = inquiry.document.source
        clock.lap("redact")

        entry = self._entry(inquiry, call, policy, reading, report, decision, bundle, clock)
        audit_id: str | None = entry.audit_id
        try:
            await self.audit.append(entry)
        except AuditUnavailableError:
            if policy.refuse_without_audit:
                raise
            audit_id = None
        clock.lap("audit")
        timings = {**report.timings_ms, **clock.laps, "total": clock.total()}
        return Inspection(reading, report, decision, edits, content, bundle, audit_id, timings)

    async def _look_again(
        self,
        reading: Reading,
        edits: Edits,
        decision: Decision,
        call: Call,
        policy: Policy,
        bundle: Bundle,
        clock: _Clock,
    ) -> Decision:
        """Let those whose findings were cut out look at what is left, in the time that is left; see `decide_again`."""
        segments = [replace(one, text=edits.texts.get(at, one.text)) for at, one in enumerate(reading.segments)]
        left = replace(reading, segments=tuple(segments), skipped=())
        who, seconds = excising(call, policy), self.deadline_s - clock.total() / 1e3
        detectors = [one for one in bundle.detectors[call.direction] if who is None or one.name in who]
        looked = await asyncio.gather(*(look(detector, segments, seconds) for detector in detectors))
        return decide_again(decision, _merge(left, [Report(), *looked], bundle.entity_types), call, policy)

    def _entry(
        self,
        inquiry: Inquiry,
        call: Call,
        policy: Policy,
        reading: Reading,
        report: Report,
        decision: Decision,
        bundle: Bundle,
        clock: _Clock,
    ) -> AuditEntry:
        """Write down everything but the text."""
        tool = bundle.registry.find(call.tool.server, call.tool.name)
        known = MCP_FIELDS | (tool.fields if tool else frozenset())
        texts = {(segment.pointer, segment.is_key): segment.text for segment in reading.segments}
        who = call.identity
        return AuditEntry(
            audit_id=new_audit_id(),
            direction=call.direction,
            tenant=who.tenant,
            user=who.user,
            model=who.model,
            session=who.session,
            request_id=who.request_id,
            purpose=who.purpose,
            roles=who.roles,
            tool=AuditTool(call.tool.server, call.tool.name, call.tool.version or "", call.tool.digest or ""),
            risk_class=call.risk_class,
            data_classes=call.data_classes,
            action=decision.action,
            enforced=decision.enforced,
            dry_run=inquiry.dry_run,
            reasons=decision.reasons,
            policy_id=policy.id,
            policy_version=policy.version,
            bundle=bundle.digest,
            rules=bundle.rules_digest,
            models=bundle.models,
            findings=tuple(
                AuditFinding.of(finding, action, known, self._fingerprint(who.tenant, finding, texts))
                for finding, action in zip(report.findings, decision.actions, strict=True)
            ),
            skipped=tuple(AuditSkipped.of(skip, known) for skip in report.skipped),
            coverage=report.coverage,
            scores=report.scores,
            timings_ms={**report.timings_ms, **clock.laps},
        )

    def _salt(self, call: Call) -> bytes:
        """Return the secret that keys the `hash` operator: one a tenant, so that tenants cannot be joined."""
        return derive(self._key, f"hash-operator/{call.identity.tenant}")

    def _fingerprint(self, tenant: str, finding: Finding, texts: Mapping[tuple[str, bool], str]) -> str:
        text = texts.get((finding.pointer, finding.is_key))
        if text is None or finding.span is None:
            return ""
        return self.fingerprinter.of(tenant, text[finding.span.start : finding.span.end])


async def look(detector: Detector, segments: Sequence[Segment], seconds: float) -> Report:
    """Let one detector look, and name what it did not see if it fails or takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await detector.detect(segments)
    except TimeoutError:
        reason = SkipReason.DEADLINE
    except Exception:  # noqa: BLE001 - whatever broke, the answer is the same: not looked at
        reason = SkipReason.CRASH
    total = sum(len(segment.text) for segment in segments)
    return Report(skipped=(Skipped(detector.name, "", reason),), coverage=Coverage(0, total))


def _call(inquiry: Inquiry, registry: Registry) -> Call:
    """Add to a request what the registry knows of its tool."""
    tool = registry.find(inquiry.tool.server, inquiry.tool.name)
    if tool is None:
        return Call(inquiry.direction, inquiry.tool, inquiry.identity)
    return Call(inquiry.direction, inquiry.tool, inquiry.identity, tool.risk_class, tool.data_classes)


def _merge(reading: Reading, reports: Sequence[Report], entity_types: frozenset[str]) -> Report:
    """Put the reports side by side; what an earlier redaction left behind is not found again."""
    marks = {
        (segment.pointer, segment.is_key): spans
        for segment in reading.segments
        if (spans := placeholders(segment.text, entity_types))
    }
    findings = [
        finding
        for report in reports
        for finding in report.findings
        if finding.span is None
        or not any(
            mark.start <= finding.span.start and finding.span.end <= mark.end
            for mark in marks.get((finding.pointer, finding.is_key), ())
        )
    ]
    scanned = min((report.coverage.scanned for report in reports[1:]), default=0)
    return Report(
        findings=tuple(findings),
        skipped=reading.skipped + tuple(skip for report in reports for skip in report.skipped),
        coverage=Coverage(scanned, reading.characters),
        timings_ms={name: spent for report in reports for name, spent in report.timings_ms.items()},
        scores={name: score for report in reports for name, score in report.scores.items()},
    )


class _Clock:
    """Times the stages of one inspection in milliseconds."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Close a stage."""
        now = time.perf_counter()
        self.laps[stage] = (now - self._last) * 1e3
        self._last = now

    def total(self) -> float:
        """Return the milliseconds since the beginning."""
        return (time.perf_counter() - self._began) * 1e3
