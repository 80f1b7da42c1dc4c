"""The whole story of one inspection, on one page.

    document -> segments -> findings + skipped -> decision -> document' -> audit record

Nothing runs back. Detectors see, the policy decides, redaction edits, audit tells; none of them knows another.
What passages were cut from is looked at once more before it passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from firewall.access.registry import Registry, attributed, check
from firewall.audit.fingerprint import Fingerprinter
from firewall.audit.record import MCP_FIELDS, AuditEntry, AuditFinding, AuditSkipped, new_audit_id
from firewall.audit.record import ToolRef as AuditTool
from firewall.errors import AuditUnavailableError, InvalidRequestError
from firewall.following import Dropped, Following, heard, joined, over_level
from firewall.inference.verdicts import on_behalf_of
from firewall.looking import Clock, look, merged
from firewall.payload.document import Document, from_text, plain
from firewall.payload.reading import Reading, read
from firewall.payload.views import Leaves
from firewall.policy.decide import cuts_out, decide, decide_again, excises, excising, reported
from firewall.policy.policy import Policy, PolicySet
from firewall.redact.document import Edits, edit
from firewall.redact.keys import Keyring, Keys
from firewall.rules import Rule, widest
from firewall.sectioned import Sectioned
from firewall.vocabulary import (
    Action,
    Call,
    Decision,
    Detector,
    Direction,
    Finding,
    Follower,
    Identity,
    Report,
    Skipped,
    ToolRef,
)


@dataclass(frozen=True, slots=True)
class AdHoc:
    """Rules that came with a request: what looks for them, the rules by id in their order, and how they were written."""

    detector: Detector
    rules: Mapping[str, Rule]
    written: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One request, read: a payload and what the caller said about it."""

    direction: Direction
    tool: ToolRef
    identity: Identity
    document: Document
    policy: str | None = None
    dry_run: bool = False
    ad_hoc: AdHoc | None = None


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
    denied: Mapping[str, Detector] = field(default_factory=dict)  # by policy: what it always takes for a finding
    follower: Follower | None = None


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
    course: Course = field(repr=False)
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """An inspection under way: what it began with, and keeps whatever is swapped meanwhile."""

    inquiry: Inquiry
    call: Call
    policy: Policy
    bundle: Bundle
    keys: Keys
    access: Report
    clock: Clock

    @property
    def detectors(self) -> Sequence[Detector]:
        """All that look at the call: those of the bundle, the policy's own and the request's own."""
        own, asked = self.bundle.denied.get(self.policy.id), self.inquiry.ad_hoc
        detectors = self.bundle.detectors[self.call.direction]
        return (*detectors, *((own,) if own else ()), *((asked.detector,) if asked else ()))

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules that are looked for."""
        asked = self.inquiry.ad_hoc
        return (*self.bundle.rules.values(), *(asked.rules.values() if asked else ()))

    @property
    def follower(self) -> Follower | None:
        """What looks for the findings elsewhere, if the policy wants that. Arguments need not be redacted."""
        wanted = self.policy.propagate != "none" and self.call.direction is Direction.OUTBOUND
        return self.bundle.follower if wanted else None

    def known(self, *, parts: bool) -> object | None:
        """Return what is known before the payload is read: of the session, or nothing yet of a payload in parts."""
        if self.follower is None:
            return None
        who = self.call.identity
        if self.policy.propagate == "session" and who.session:
            return self.follower.known_of(who)
        return self.follower.known_of(None) if parts else None

    @property
    def in_sections(self) -> bool:
        """Whether a long plain text is decided section by section: what is cut out needs a look at all that is left."""
        return (
            self.policy.sections and self.call.direction is Direction.OUTBOUND and not cuts_out(self.call, self.policy)
        )


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

    def __init__(
        self, bundle: Bundle, audit: Recorder, key: bytes, *, deadline_s: float, keyring: Keyring | None = None
    ) -> None:
        """Take what decides, where to tell it, the secret behind fingerprints, and a detector's time in seconds.

        `keyring` holds the keys of redaction; without one they follow from the same secret.
        """
        self.bundle = bundle
        self.audit = audit
        self.fingerprinter = Fingerprinter(key)
        self.keyring = keyring or Keyring(key)
        self.deadline_s = deadline_s

    async def inspect(self, inquiry: Inquiry) -> Inspection:
        """Inspect one call.

        Raises AuditUnavailableError when it cannot be recorded and the policy insists, and VaultUnavailableError when
        what its tokens stand for cannot be kept.
        """
        with on_behalf_of(inquiry.identity.tenant):  # what models answer is remembered for this tenant alone
            return await self._inspect(inquiry)

    async def _inspect(self, inquiry: Inquiry) -> Inspection:
        course = self.begin(inquiry)
        if course.in_sections and (text := plain(inquiry.document)):
            sections = self.sectioned(course)
            await sections.add(text)
            await sections.end()
            return await self.conclude_sections(course, sections)
        reading = self.read(course, inquiry.document)
        course.clock.lap("read")

        report, dropped = await self._see(course, reading, course.access, course.known(parts=False))
        course.clock.lap("detect")

        decision = decide(report, course.call, course.policy)
        course.clock.lap("decide")
        edits = edit(reading.segments, decision.redactions, course.keys, reading.names_of)
        if excises(decision) and decision.action < Action.BLOCK:
            decision = await self._look_again(course, reading, edits, decision)
        return replace(await self.conclude(course, reading, report, decision, edits), dropped=dropped)

    async def _see(
        self, course: Course, reading: Reading, first: Report, known: object | None
    ) -> tuple[Report, tuple[Dropped, ...]]:
        """Let all look, then look for what they found elsewhere; return what the policy hears of, and what it does not."""
        policy, segments = course.policy, reading.segments
        looked = await asyncio.gather(*(look(detector, segments, self.deadline_s) for detector in course.detectors))
        report = merged(reading, [first, *looked], course.bundle.entity_types, course.keys)
        report, spared = heard(report, segments, policy)
        if course.follower is not None:
            following = Following(course.follower, report.findings, known)
            more, also = heard(await look(following, segments, self.deadline_s), segments, policy)
            report, spared = joined(report, more), spared + also
        dropped = spared + over_level(report, policy)
        return replace(report, findings=reported(report, policy)), dropped

    def begin(self, inquiry: Inquiry) -> Course:
        """Settle what decides over a call, and what is known of it before its payload is read."""
        clock = Clock()
        bundle = self.bundle
        call = _call(inquiry, bundle.registry)
        policy = bundle.policies.select(call, inquiry.policy)
        _check_ad_hoc(inquiry.ad_hoc, policy)
        arguments = inquiry.document.source if inquiry.direction is Direction.INBOUND else None
        access = Report(findings=check(bundle.registry, call, arguments))
        return Course(inquiry, call, policy, bundle, self.keyring.keys(call.identity), access, clock)

    def sectioned(self, course: Course) -> Sectioned:
        """Return a text that may still be on its way, to be decided section by section."""
        call, policy, keys = course.call, course.policy, course.keys
        known = course.known(parts=True)

        def read_part(text: str) -> Reading:
            """Read a part of the text as the text."""
            return self.read(course, from_text(text))

        async def ask(reading: Reading) -> Report:
            """Let all detectors look at a part; what earlier parts held is found in it too."""
            return (await self._see(course, reading, Report(), known))[0]

        async def keep() -> None:
            """Keep what the tokens of a part stand for, before anybody has them."""
            if keys.kept:
                await self.keyring.vault.put(keys.kept)
                keys.kept.clear()

        first = replace(course.access, findings=reported(course.access, policy))
        return Sectioned(
            read_part,
            ask,
            lambda report: decide(report, call, policy),
            keep,
            keys,
            first,
            widest=widest(course.rules),
            enforced=policy.enforced,
        )

    async def conclude_sections(
        self, course: Course, sections: Sectioned, missing: Sequence[Skipped] = ()
    ) -> Inspection:
        """Decide over all that was seen of a text in its sections, and record it. Raises as `inspect` does.

        `missing` names what never came.
        """
        reading = self.read(course, from_text(sections.text))
        report = replace(sections.report, skipped=(*sections.report.skipped, *missing))
        decision = decide(report, course.call, course.policy)
        cleaned = "".join(sections.cleaned)
        edits = Edits({0: cleaned} if reading.segments and cleaned != sections.text else {}, {})
        return await self.conclude(course, reading, report, decision, edits)

    async def conclude(
        self, course: Course, reading: Reading, report: Report, decision: Decision, edits: Edits
    ) -> Inspection:
        """Let the content pass as it was decided, and record it. Raises as `inspect` does."""
        policy, keys, clock = course.policy, course.keys, course.clock
        content = None if decision.action is Action.BLOCK else reading.edited(edits.texts)
        if not policy.enforced:
            content = reading.document.source
        elif content is not None and keys.kept:
            await self.keyring.vault.put(keys.kept)  # before anybody has a token for it
        clock.lap("redact")

        entry = self._entry(course, reading, report, decision)
        audit_id: str | None = entry.audit_id
        try:
            await self.audit.append(entry)
        except AuditUnavailableError:
            if policy.refuse_without_audit:
                raise
            audit_id = None
        clock.lap("audit")
        timings = {**report.timings_ms, **clock.laps, "total": clock.total()}
        return Inspection(reading, report, decision, edits, content, course.bundle, audit_id, timings, course)

    def read(self, course: Course, document: Document) -> Reading:
        """Find everything that can carry text, and who wrote it as far as the registry knows."""
        reading = read(document, course.call.direction)
        return replace(reading, segments=Leaves(attributed(course.bundle.registry, course.call, reading.segments)))

    async def _look_again(self, course: Course, reading: Reading, edits: Edits, decision: Decision) -> Decision:
        """Let those whose findings were cut out look at what is left, in the time that is left; see `decide_again`."""
        call, policy, bundle = course.call, course.policy, course.bundle
        segments = [replace(one, text=edits.texts.get(at, one.text)) for at, one in enumerate(reading.segments)]
        left = replace(reading, segments=Leaves(segments), skipped=())
        who, seconds = excising(call, policy), self.deadline_s - course.clock.total() / 1e3
        detectors = [one for one in course.detectors if who is None or one.name in who]
        looked = await asyncio.gather(*(look(detector, left.segments, seconds) for detector in detectors))
        return decide_again(decision, merged(left, [Report(), *looked], bundle.entity_types, course.keys), call, policy)

    def _entry(self, course: Course, reading: Reading, report: Report, decision: Decision) -> AuditEntry:
        """Write down everything but the text."""
        call, policy, bundle, clock = course.call, course.policy, course.bundle, course.clock
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
            dry_run=course.inquiry.dry_run,
            ad_hoc=self._ad_hoc(course),
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

    def _ad_hoc(self, course: Course) -> tuple[int, str] | None:
        """Return how many rules came with a request, and a keyed digest of them: what they look for may be a name."""
        asked = course.inquiry.ad_hoc
        if asked is None:
            return None
        return len(asked.rules), self.fingerprinter.of(course.call.identity.tenant, asked.written)

    def _fingerprint(self, tenant: str, finding: Finding, texts: Mapping[tuple[str, bool], str]) -> str:
        text = texts.get((finding.pointer, finding.is_key))
        if text is None or finding.span is None:
            return ""
        return self.fingerprinter.of(tenant, text[finding.span.start : finding.span.end])


def _call(inquiry: Inquiry, registry: Registry) -> Call:
    """Add to a request what the registry knows of its tool."""
    tool = registry.find(inquiry.tool.server, inquiry.tool.name)
    if tool is None:
        return Call(inquiry.direction, inquiry.tool, inquiry.identity)
    return Call(inquiry.direction, inquiry.tool, inquiry.identity, tool.risk_class, tool.data_classes)


def _check_ad_hoc(asked: AdHoc | None, policy: Policy) -> None:
    """Refuse rules of a request that the policy does not take, or about which it has nothing to say."""
    if asked is None:
        return
    if not policy.takes_ad_hoc:
        raise InvalidRequestError("the policy takes no rules from requests", pointer="/ad_hoc")
    for index, rule in enumerate(asked.rules.values()):
        if not policy.speaks_of(rule.entity_type):
            raise InvalidRequestError(
                "no clause of the policy speaks of this entity type", pointer=f"/ad_hoc/{index}/entity_type"
            )
