"""What the screening of a listing leaves behind: one record, with its tools by their places and never by their words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from firewall.access.digest import definition_digest
from firewall.audit.fingerprint import Fingerprinter
from firewall.audit.record import MCP_FIELDS, AuditEntry, AuditFinding, AuditSkipped, ToolRef, new_audit_id
from firewall.definitions.subject import METHOD, ListingInquiry, Screened, Screening
from firewall.payload.definitions import FIELDS
from firewall.vocabulary import Coverage, Direction


def entry_of(screening: Screening, inquiry: ListingInquiry, fingerprinter: Fingerprinter) -> AuditEntry:
    """Write down everything but the text.

    The tool of the record is `tools/list` of the server; its digest is that of the list of the tools' digests, so that
    the record says exactly what was screened.
    """
    who, bundle, screened = inquiry.identity, screening.bundle, screening.screened
    deciding = next(one for one in screened if one.decision.action is screening.action).subject.policy
    scores: dict[str, float] = {}
    for one in screened:
        for name, score in one.report.scores.items():
            scores[name] = max(score, scores.get(name, 0.0))
    return AuditEntry(
        audit_id=new_audit_id(),
        direction=Direction.OUTBOUND,
        tenant=who.tenant,
        user=who.user,
        model=who.model,
        session=who.session,
        request_id=who.request_id,
        purpose=who.purpose,
        roles=who.roles,
        tool=ToolRef(inquiry.server, METHOD, "", listing_digest(screening)),
        action=screening.action,
        enforced=screening.enforced,
        dry_run=inquiry.dry_run,
        reasons=screening.reasons,
        policy_id=deciding.id,
        policy_version=deciding.version,
        bundle=bundle.digest,
        rules=bundle.rules_digest,
        models=bundle.models,
        findings=tuple(
            finding for one in screened for finding in _findings(one, _known(one, screening), fingerprinter, who.tenant)
        ),
        skipped=tuple(
            AuditSkipped.of(replace(skip, pointer=one.subject.pointer + skip.pointer), _known(one, screening))
            for one in screened
            for skip in one.report.skipped
        ),
        coverage=Coverage(
            sum(one.report.coverage.scanned for one in screened), sum(one.report.coverage.total for one in screened)
        ),
        scores=scores,
        timings_ms=screening.timings_ms,
    )


def listing_digest(screening: Screening) -> str:
    """Return the digest of the list of the digests of a listing's tools."""
    return definition_digest([one.subject.call.tool.digest for one in screening.screened if one.subject.definition])


def _known(one: Screened, screening: Screening) -> frozenset[str]:
    """Return the member names that may be written down: the protocol's, and those of the registered schema."""
    ref = one.subject.call.tool
    registered = screening.bundle.registry.find(ref.server, ref.name)
    return MCP_FIELDS | FIELDS | (registered.fields if registered else frozenset())


def _findings(
    one: Screened, known: frozenset[str], fingerprinter: Fingerprinter, tenant: str
) -> Iterator[AuditFinding]:
    by_place = {(segment.pointer, segment.is_key): segment.text for segment in one.subject.texts.segments}
    for finding, action in zip(one.report.findings, one.decision.actions, strict=True):
        text = by_place.get((finding.pointer, finding.is_key))
        mark = ""
        if text is not None and finding.span is not None:
            mark = fingerprinter.of(tenant, text[finding.span.start : finding.span.end])
        yield AuditFinding.of(replace(finding, pointer=one.subject.pointer + finding.pointer), action, known, mark)
