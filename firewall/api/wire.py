"""The contract of /inspect, field by field, and the way from bytes to an Inquiry.

The envelope goes through pydantic; the payload does not: it stays the JSON text that came, so that it can be returned
to the letter.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from firewall.detectors.own_rules import AdHocRule, ad_hoc
from firewall.errors import InvalidRequestError
from firewall.payload.document import Document, Limits, decode, escape, parse
from firewall.pipeline import AdHoc, Inquiry
from firewall.vocabulary import Direction, Identity, ToolRef

_PAYLOADS = {Direction.INBOUND: "arguments", Direction.OUTBOUND: "result"}
_Name = Field(min_length=1, max_length=256)
_Label = Field("", max_length=1024)


class Wire(BaseModel):
    """A part of the contract: unknown fields are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


E = TypeVar("E", bound=Wire)


class ToolBody(Wire):
    """Which tool is called, as the gateway names it."""

    server: str = _Name
    name: str = _Name
    version: str | None = Field(None, max_length=256, description="Held against the registered version.")
    digest: str | None = Field(
        None, max_length=256, description="Held against the pinned digest of the tool's definition."
    )


class ContextBody(Wire):
    """Who calls. In open mode these are taken as said and recorded."""

    tenant: str = _Label
    user: str = _Label
    model: str = _Label
    session: str = _Label
    request_id: str = _Label
    purpose: str = _Label
    roles: list[str] = Field(default=[], max_length=64)

    def identity(self) -> Identity:
        """Return who calls, as the road knows it."""
        return Identity(
            self.tenant, self.user, self.model, self.session, self.request_id, self.purpose, tuple(self.roles)
        )


_Text = Annotated[str, Field(min_length=2, max_length=200, pattern=r"\S")]


class AdHocBody(Wire):
    """A rule of this request alone. The names that Presidio's ad-hoc recognizers have are taken as well."""

    entity_type: str = Field(
        validation_alias=AliasChoices("entity_type", "supported_entity"), pattern=r"^[A-Z][A-Z0-9_]{2,40}$"
    )
    pattern: str | None = Field(
        None,
        validation_alias=AliasChoices("pattern", "regex"),
        min_length=2,
        max_length=500,
        description="RE2 with bounded repetition, in any case.",
    )
    texts: list[_Text] = Field(
        [],
        validation_alias=AliasChoices("texts", "deny_list"),
        max_length=1_000,
        description="Whole words, in any case.",
    )
    score: float = Field(0.85, gt=0, le=1)
    context: list[_Text] = Field(
        [], max_length=64, description="Words that add 0.35 to the score where one stands in the five words before."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.pattern is None) is not bool(self.texts):
            raise ValueError("a rule has either a pattern or texts")
        return self

    def rule(self) -> AdHocRule:
        """Return the rule as the road knows it."""
        return AdHocRule(self.entity_type, self.score, self.pattern, tuple(self.texts), tuple(self.context))


class EnvelopeBody(Wire):
    """Everything of a request but the payload."""

    direction: Literal["inbound", "outbound"]
    tool: ToolBody
    context: ContextBody = ContextBody(tenant="", user="", model="", session="", request_id="", purpose="", roles=[])
    policy: str | None = Field(None, max_length=64, description="A policy's id, instead of the selected one.")
    dry_run: bool = Field(False, description="Decide and record, marked as such; counts for nothing else.")
    explain: bool = Field(
        False,
        description="Say of each finding how it came about and why it was answered so. Looks twice, so costs twice.",
    )
    ad_hoc: list[AdHocBody] = Field(
        [], max_length=32, description="Rules of this request alone, where the policy says `ad_hoc: allow`."
    )


class InspectRequest(EnvelopeBody):
    """One tool call: its arguments before the call (inbound), or its result after it (outbound)."""

    arguments: Any = Field(default=None, description="Inbound: any JSON.")
    result: Any = Field(default=None, description="Outbound: an MCP CallToolResult, any JSON, or text.")


class FindingBody(Wire):
    """Saw this, there. Carries no text."""

    detector: str
    rule_id: str
    entity_type: str
    pointer: str = Field(description="RFC 6901, into the payload; cleaned where a member name was.")
    start: int | None = Field(description="Code points of the leaf; None where the finding is about the call.")
    end: int | None
    score: float
    severity: Literal["info", "low", "medium", "high", "critical"]
    action: Literal["allow", "redact", "review", "block"]
    tags: list[str]
    explanation: dict[str, Any] | None = None


class SkippedBody(Wire):
    """Did not look, because."""

    detector: str
    pointer: str
    reason: str


class CoverageBody(Wire):
    """Characters looked at, of all characters in the payload."""

    scanned: int
    total: int


class PolicyBody(Wire):
    """The policy that decided."""

    id: str
    version: str


class InspectResponse(Wire):
    """The decision, and the payload that may pass."""

    action: Literal["allow", "redact", "review", "block"]
    enforced: bool = Field(description="False under a monitoring policy: the content is what came, untouched.")
    content: Any = Field(description="The payload in its own shape, cleaned; null when blocked.")
    scores: dict[str, float | None]
    findings: list[FindingBody]
    skipped: list[SkippedBody]
    coverage: CoverageBody
    reasons: list[str]
    policy: PolicyBody
    bundle: str
    models: dict[str, str]
    audit_id: str | None
    timings_ms: dict[str, float]
    dropped: list[dict[str, Any]] | None = Field(
        default=None, description="With `explain`: what was seen and the policy did not hear of, and why."
    )


class BatchResponse(Wire):
    """Answers in the order of the requests; each is an InspectResponse or a problem."""

    results: list[Any]


def read_one(body: bytes, limits: Limits) -> tuple[Inquiry, bool]:
    """Turn a body into an inquiry and whether to explain. Raises the errors of `payload` and InvalidRequestError."""
    return _inquiry(parse(decode(body, limits), limits))


def read_batch(body: bytes, limits: Limits, most: int) -> list[tuple[Inquiry, bool]]:
    """Turn a body `{"requests": [...]}` into inquiries."""
    document = parse(decode(body, limits), limits)
    names = members(document)
    if names != {"requests"}:
        extra = sorted(names - {"requests"})
        raise InvalidRequestError('the body is {"requests": [...]}', pointer=f"/{escape(extra[0])}" if extra else "")
    start, _ = document.places["/requests"]
    if document.source[start] != "[":
        raise InvalidRequestError("requests is a list", pointer="/requests")
    count = sum(1 for place in document.places if place.startswith("/requests/") and place.count("/") == 2)
    if not 1 <= count <= most:
        raise InvalidRequestError(f"a batch holds 1 to {most} requests", pointer="/requests")
    inquiries = []
    for index in range(count):
        start, end = document.places[f"/requests/{index}"]
        try:
            # Read once more on its own, so that pointers begin at the request and the cost stays linear.
            inquiries.append(_inquiry(parse(document.source[start:end], limits)))
        except InvalidRequestError as error:
            raise InvalidRequestError(error.detail, pointer=f"/requests/{index}{error.pointer or ''}") from None
    return inquiries


def members(document: Document) -> set[str]:
    """Return the member names of a request; raises InvalidRequestError if it is not an object."""
    start, _ = document.places[""]
    if document.source[start] != "{":
        raise InvalidRequestError("a request is a JSON object", pointer="")
    return {leaf.text for leaf in document.leaves if leaf.kind == "key" and leaf.pointer.count("/") == 1}


def envelope(kind: type[E], document: Document, names: Collection[str]) -> E:
    """Check the named members of a request against a model. Raises InvalidRequestError with the pointer of the place."""
    plain: dict[str, Any] = {}
    for name in names:
        start, end = document.places[f"/{escape(name)}"]
        plain[name] = json.loads(document.source[start:end])
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = "".join(f"/{escape(str(step))}" for step in first["loc"])
        raise InvalidRequestError(first["msg"], pointer=place) from None


def _inquiry(document: Document) -> tuple[Inquiry, bool]:
    names = members(document)
    model = envelope(EnvelopeBody, document, names - set(_PAYLOADS.values()))
    direction = Direction(model.direction)
    wanted, other = _PAYLOADS[direction], _PAYLOADS[next(d for d in Direction if d is not direction)]
    if wanted not in names:
        raise InvalidRequestError(f"an {direction} request holds `{wanted}`", pointer=f"/{wanted}")
    if other in names:
        raise InvalidRequestError(f"`{other}` does not go with {direction}", pointer=f"/{other}")
    return inquiry_of(model, document.sub(f"/{wanted}")), model.explain


def inquiry_of(model: EnvelopeBody, document: Document) -> Inquiry:
    """Return what an envelope says of a payload. Raises InvalidRequestError for rules of its own that are wrong."""
    tool = model.tool
    return Inquiry(
        direction=Direction(model.direction),
        tool=ToolRef(tool.server, tool.name, tool.version, tool.digest),
        identity=model.context.identity(),
        document=document,
        policy=model.policy,
        dry_run=model.dry_run,
        ad_hoc=own_rules(model.ad_hoc),
    )


def own_rules(bodies: list[AdHocBody]) -> AdHoc | None:
    """Return the rules of a request, compiled; None where there are none. Raises InvalidRequestError with the pointer."""
    if not bodies:
        return None
    detector = ad_hoc([body.rule() for body in bodies])
    return AdHoc(detector, detector.rules, json.dumps([body.model_dump() for body in bodies], sort_keys=True))
