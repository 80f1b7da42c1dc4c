"""The contract of /inspect/tools, field by field; the way from bytes to a listing, and from its screening to an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from firewall.api.answer import explanation, finding_body
from firewall.api.wire import ContextBody, CoverageBody, FindingBody, PolicyBody, SkippedBody, Wire, envelope, members
from firewall.definitions.subject import ListingInquiry, Screened, Screening
from firewall.errors import InvalidRequestError
from firewall.payload.definitions import listing
from firewall.payload.document import Limits, decode, parse
from firewall.rules import Rule

_PAYLOAD = "tools"


class ListingEnvelopeBody(Wire):
    """Everything of a request but the definitions."""

    server: str = Field(min_length=1, max_length=256, description="The server whose tools these are, as registered.")
    context: ContextBody = ContextBody(tenant="", user="", model="", session="", request_id="", purpose="", roles=[])
    policy: str | None = Field(None, max_length=64, description="A policy's id, instead of the ones selected.")
    dry_run: bool = Field(False, description="Decide and record, marked as such; counts for nothing else.")
    explain: bool = Field(False, description="Say of each finding which rule and which clause it came from.")


class ToolsRequest(ListingEnvelopeBody):
    """What a server says of its tools, before a model reads it."""

    tools: Any = Field(description="An MCP tools/list result, a list of tools, or one tool.")


class BesideBody(Wire):
    """What was found in one definition, or beside the tools of a listing (`_meta`, a cursor)."""

    action: Literal["allow", "review", "block"] = Field(description="A definition is not edited, so never `redact`.")
    enforced: bool
    scores: dict[str, float | None]
    findings: list[FindingBody] = Field(description="Pointers lead into the definition.")
    skipped: list[SkippedBody]
    coverage: CoverageBody
    reasons: list[str]
    policy: PolicyBody


class ScreenedToolBody(BesideBody):
    """One tool."""

    name: str
    pointer: str = Field(description="RFC 6901, into `tools`: where the definition stands.")
    digest: str = Field(description="SHA-256 of the definition's canonical JSON (RFC 8785); what a registry pins.")
    drift: Literal["pinned", "changed", "unpinned", "unknown"]


class ToolsResponse(Wire):
    """One answer a tool, in the order of the listing, and the strictest of them."""

    action: Literal["allow", "review", "block"]
    enforced: bool = Field(description="False where only monitoring policies found something.")
    tools: list[ScreenedToolBody]
    beside: BesideBody | None
    reasons: list[str]
    bundle: str
    models: dict[str, str]
    audit_id: str | None
    timings_ms: dict[str, float]


def read_tools(body: bytes, limits: Limits, most: int) -> tuple[ListingInquiry, bool]:
    """Turn a body into an inquiry over at most `most` tools and whether to explain.

    Raises the errors of `payload` and InvalidRequestError.
    """
    document = parse(decode(body, limits), limits)
    names = members(document)
    model = envelope(ListingEnvelopeBody, document, names - {_PAYLOAD})
    if _PAYLOAD not in names:
        raise InvalidRequestError("the request holds `tools`", pointer=f"/{_PAYLOAD}")
    found = listing(document, f"/{_PAYLOAD}", most)
    return ListingInquiry(model.server, model.context.identity(), found, model.policy, model.dry_run), model.explain


def write_tools(screening: Screening, rules: Mapping[str, Rule] | None = None) -> str:
    """Return the JSON of an answer. `rules` is given when the caller wants every finding explained."""
    beside = [one for one in screening.screened if one.subject.definition is None]
    body = {
        "action": screening.action.name.lower(),
        "enforced": screening.enforced,
        "tools": [_tool(one, rules) for one in screening.screened if one.subject.definition is not None],
        "beside": _screened(beside[0], rules) if beside else None,
        "reasons": list(screening.reasons),
        "bundle": screening.bundle.digest,
        "models": dict(screening.bundle.models),
        "audit_id": screening.audit_id,
        "timings_ms": {name: round(spent, 3) for name, spent in screening.timings_ms.items()},
    }
    return json.dumps(body, ensure_ascii=False)


def _tool(one: Screened, rules: Mapping[str, Rule] | None) -> dict[str, object]:
    call, drift = one.subject.call, one.subject.drift
    return {
        "name": call.tool.name,
        "pointer": one.subject.pointer,
        "digest": call.tool.digest,
        "drift": None if drift is None else drift.value,
        **_screened(one, rules),
    }


def _screened(one: Screened, rules: Mapping[str, Rule] | None) -> dict[str, object]:
    report, decision = one.report, one.decision
    return {
        "action": decision.action.name.lower(),
        "enforced": decision.enforced,
        "scores": {"injection": None} | {name: round(score, 6) for name, score in report.scores.items()},
        "findings": [_finding(one, index, rules) for index in range(len(report.findings))],
        "skipped": [
            {"detector": skip.detector, "pointer": skip.pointer, "reason": skip.reason.value} for skip in report.skipped
        ],
        "coverage": {"scanned": report.coverage.scanned, "total": report.coverage.total},
        "reasons": list(decision.reasons),
        "policy": {"id": decision.policy_id, "version": decision.policy_version},
    }


def _finding(one: Screened, index: int, rules: Mapping[str, Rule] | None) -> dict[str, object]:
    finding, action = one.report.findings[index], one.decision.actions[index]
    body = finding_body(finding, action, finding.pointer)
    if rules is not None:
        body["explanation"] = explanation(finding, one.decision.clauses[index], rules)
    return body
