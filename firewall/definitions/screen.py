"""The road of tool definitions: what a server says of its tools, before a model reads it.

    listing -> tools -> findings + skipped + drift -> one decision a tool -> one audit record

The detectors and the policies are those of calls. A definition is never edited, because what is pinned is its digest:
where a policy would redact, it is blocked.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from firewall.access.digest import definition_digest
from firewall.access.listing import Drift, Listed, check_listing
from firewall.definitions.record import entry_of
from firewall.definitions.subject import METHOD, ListingInquiry, Screened, Screening, Subject
from firewall.errors import AuditUnavailableError
from firewall.inference.verdicts import on_behalf_of
from firewall.looking import look
from firewall.payload.definitions import texts
from firewall.payload.document import Document
from firewall.payload.normalize import LOOKALIKES, canonical
from firewall.pipeline import Bundle, Pipeline
from firewall.policy.decide import decide, reported
from firewall.vocabulary import (
    Action,
    Call,
    Coverage,
    Direction,
    Report,
    Skipped,
    SkipReason,
    ToolRef,
)

UNAPPROVED = "unapproved"  # the tag of findings in a definition that is not the pinned one
MAX_FINDINGS = 20_000
_AT_ONCE = 8  # definitions looked at together: enough to fill batches, too few to crowd out calls
_INLINE_CHARS = 65_536  # longer listings are prepared in a worker thread, so that the loop stays free


async def screen(pipeline: Pipeline, inquiry: ListingInquiry) -> Screening:
    """Screen a listing. Raises AuditUnavailableError when it cannot be recorded and a policy insists.

    All of it together has the time of one detector; what is not looked at by then is skipped, and the policy answers.
    """
    began = time.perf_counter()
    until = time.monotonic() + pipeline.deadline_s
    bundle = pipeline.bundle
    size = sum(len(tool.document.source) for tool in inquiry.listing.tools)
    if size <= _INLINE_CHARS:
        subjects = _subjects(inquiry, bundle)
    else:
        subjects = await asyncio.to_thread(_subjects, inquiry, bundle)
    read = time.perf_counter()

    screened = await _look_at_all(subjects, bundle, until)
    looked = time.perf_counter()
    timings = {"read": (read - began) * 1e3, "detect": (looked - read) * 1e3}
    for item in screened:
        for name, spent in item.report.timings_ms.items():
            timings[name] = timings.get(name, 0.0) + spent

    # A monitoring policy speaks for its own tools only: one enforced decision makes the whole an enforced one.
    weighty = [item for item in screened if item.decision.action > Action.ALLOW] or screened
    screening = Screening(
        screened=tuple(screened),
        action=max(item.decision.action for item in screened),
        enforced=any(item.decision.enforced for item in weighty),
        reasons=tuple(sorted({reason for item in screened for reason in item.decision.reasons})),
        bundle=bundle,
        audit_id=None,
        timings_ms=timings,
    )
    entry = entry_of(screening, inquiry, pipeline.fingerprinter)
    audit_id: str | None = entry.audit_id
    try:
        await pipeline.audit.append(entry)
    except AuditUnavailableError:
        if any(subject.policy.refuse_without_audit for subject in subjects):
            raise
        audit_id = None
    done = time.perf_counter()
    timings = {**timings, "audit": (done - looked) * 1e3, "total": (done - began) * 1e3}
    return replace(screening, audit_id=audit_id, timings_ms=timings)


def _subjects(inquiry: ListingInquiry, bundle: Bundle) -> list[Subject]:
    """Read the definitions, hold them against the registry and choose a policy for each. Never empty."""
    tools, server, who = inquiry.listing.tools, inquiry.server, inquiry.identity
    listed = [
        Listed(tool.name, _plain(tool.name), definition_digest(json.loads(tool.document.source))) for tool in tools
    ]
    standings = check_listing(bundle.registry, server, listed)
    subjects = []
    for tool, known, standing in zip(tools, listed, standings, strict=True):
        call = Call(Direction.OUTBOUND, ToolRef(server, tool.name, None, known.digest), who)
        registered = bundle.registry.find(server, tool.name)
        if registered is not None:
            call = replace(call, risk_class=registered.risk_class, data_classes=registered.data_classes)
        policy = bundle.policies.select(call, inquiry.policy)
        subjects.append(Subject(call, policy, texts(tool.document), tool, standing))
    rest = inquiry.listing.beside
    if rest is not None or not subjects:  # an empty listing is decided and recorded as well
        call = Call(Direction.OUTBOUND, ToolRef(server, METHOD), who)
        policy = bundle.policies.select(call, inquiry.policy)
        subjects.append(Subject(call, policy, texts(rest or Document("", ()))))
    return subjects


def _plain(name: str) -> str:
    """Return a name in Latin letters, as people see it; unlike a text it may be foreign in every letter."""
    return "".join(LOOKALIKES.get(char, char) for char in canonical(name).text)


async def _look_at_all(subjects: Sequence[Subject], bundle: Bundle, until: float) -> list[Screened]:
    """Look at a few definitions at a time, in their order, until the time or the room for findings is used up."""
    done: dict[int, Screened] = {}
    turn: Iterator[tuple[int, Subject]] = iter(enumerate(subjects))
    found = 0

    async def worker() -> None:
        """Take the next definition as long as there is one."""
        nonlocal found
        for index, subject in turn:
            left = until - time.monotonic()
            unlooked = SkipReason.BUDGET if found > MAX_FINDINGS else SkipReason.DEADLINE if left <= 0 else None
            done[index] = _judge(subject, await _reports(subject, bundle, left, unlooked))
            found += len(done[index].report.findings)
            await asyncio.sleep(0)  # detectors of short texts never wait, and others want their turn

    await asyncio.gather(*(worker() for _ in range(min(_AT_ONCE, len(subjects)))))
    return [done[index] for index in range(len(subjects))]


async def _reports(subject: Subject, bundle: Bundle, left: float, unlooked: SkipReason | None) -> list[Report]:
    detectors = bundle.definition_detectors
    if unlooked is not None:
        return [Report(skipped=(Skipped(detector.name, "", unlooked),)) for detector in detectors]
    with on_behalf_of(subject.call.identity.tenant):  # definitions are listed again and again
        return await asyncio.gather(*(look(detector, subject.texts.segments, left) for detector in detectors))


def _judge(subject: Subject, reports: Sequence[Report]) -> Screened:
    """Put the reports side by side and let the policy decide."""
    own = subject.texts
    mark = () if subject.drift is Drift.PINNED else (UNAPPROVED,)
    seen = [own.home(replace(one, tags=one.tags + mark)) for report in reports for one in report.findings]
    missed = [own.skip_home(skip) for report in reports for skip in report.skipped]
    report = Report(
        findings=(*(subject.standing.findings if subject.standing else ()), *dict.fromkeys(seen)),
        skipped=(*own.skipped, *missed),
        coverage=Coverage(min((report.coverage.scanned for report in reports), default=0), own.characters),
        timings_ms={name: spent for report in reports for name, spent in report.timings_ms.items()},
        scores={name: score for report in reports for name, score in report.scores.items()},
    )
    report = replace(report, findings=reported(report, subject.policy))
    decision = decide(report, subject.call, subject.policy)
    decision = replace(
        decision,
        action=_unedited(decision.action),
        actions=tuple(_unedited(action) for action in decision.actions),
        redactions=(),
    )
    return Screened(subject, report, decision)


def _unedited(action: Action) -> Action:
    return Action.BLOCK if action is Action.REDACT else action
