"""The contract of /restore, field by field; the way from bytes to an inquiry, and from what came of it to an answer."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from firewall.api.wire import ContextBody, PolicyBody, ToolBody, Wire, envelope, members
from firewall.errors import InvalidRequestError
from firewall.payload.document import Limits, decode, parse
from firewall.restore import Restoration, RestoreInquiry
from firewall.vocabulary import ToolRef

_PAYLOAD = "content"


class RestoreEnvelopeBody(Wire):
    """Everything of a request but the content."""

    context: ContextBody = Field(description="Who asks; tenant, session and purpose as when the content was redacted.")
    tool: ToolBody | None = Field(None, description="The tool whose policy is asked, where policies differ by tool.")
    policy: str | None = Field(None, max_length=64, description="A policy's id, instead of the selected one.")


class RestoreRequest(RestoreEnvelopeBody):
    """A content with tokens of the operators `encrypt` and `vault`."""

    content: Any = Field(description="Any JSON with tokens in its strings and names.")


class RestoreResponse(Wire):
    """The content with the originals."""

    content: Any = Field(description="The same JSON, with what the tokens stand for.")
    restored: int = Field(description="How many tokens were restored.")
    policy: PolicyBody
    bundle: str
    audit_id: str
    timings_ms: dict[str, float]


def read_restore(body: bytes, limits: Limits) -> RestoreInquiry:
    """Turn a body into an inquiry. Raises the errors of `payload` and InvalidRequestError."""
    document = parse(decode(body, limits), limits)
    names = members(document)
    model = envelope(RestoreEnvelopeBody, document, names - {_PAYLOAD})
    if _PAYLOAD not in names:
        raise InvalidRequestError("the request holds `content`", pointer=f"/{_PAYLOAD}")
    tool = ToolRef("", "") if model.tool is None else ToolRef(model.tool.server, model.tool.name)
    return RestoreInquiry(model.context.identity(), document.sub(f"/{_PAYLOAD}"), tool, model.policy)


def write_restore(restoration: Restoration) -> str:
    """Return the JSON of an answer."""
    tail = {
        "restored": restoration.restored,
        "policy": {"id": restoration.policy.id, "version": restoration.policy.version},
        "bundle": restoration.bundle,
        "audit_id": restoration.audit_id,
        "timings_ms": {name: round(spent, 3) for name, spent in restoration.timings_ms.items()},
    }
    return f'{{"content": {restoration.content}, {json.dumps(tail)[1:]}'
