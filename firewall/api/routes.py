"""The routes: inspect one call or a batch, screen tool definitions, and tell how the service is."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from firewall.api import examples
from firewall.api.answer import told
from firewall.api.definitions import ToolsRequest, ToolsResponse, read_tools, write_tools
from firewall.api.problems import problem
from firewall.api.restore import RestoreRequest, RestoreResponse, read_restore, write_restore
from firewall.api.service import Service
from firewall.api.stream import MEDIA_TYPE, StreamEnd
from firewall.api.stream import inspect_stream as stream_events
from firewall.api.wire import BatchResponse, InspectRequest, InspectResponse, read_batch, read_one
from firewall.definitions.screen import screen
from firewall.errors import FirewallError, LimitExceededError, UnsupportedMediaTypeError
from firewall.pipeline import Inquiry
from firewall.restore import restore

router = APIRouter()
_PROBLEM = {
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
    "description": "RFC 9457 problem details with the pointer of the offending place; never text of the payload.",
}
_PROBLEMS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 413, 415, 422, 429, 503), _PROBLEM)


def _body(schema: dict[str, Any], samples: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": samples}}}}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _read(request: Request, most: int) -> bytes:
    """Read a JSON body of at most `most` bytes; what is larger is refused before it is held."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaTypeError("the content type is application/json")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaTypeError("the body is sent without content encoding")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise LimitExceededError(f"the body is larger than {most} bytes", pointer="")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise LimitExceededError(f"the body is larger than {most} bytes", pointer="")
        chunks.append(chunk)
    return b"".join(chunks)


async def _one(service: Service, inquiry: Inquiry, explain: bool) -> str:
    began = time.perf_counter()
    inspection = await service.runtime.pipeline.inspect(inquiry)
    service.count(inquiry, inspection, time.perf_counter() - began)
    return await told(inspection, explained=explain)


@router.post(
    "/inspect",
    response_model=InspectResponse,
    responses=_PROBLEMS,
    openapi_extra=_body(InspectRequest.model_json_schema(), examples.INSPECT),
    summary="Inspect one tool call",
)
async def inspect(request: Request) -> Response:
    """Inspect the arguments of a call before it is made, or its result before the model sees it.

    A block is a 200 with `action: block`: the inspection succeeded.
    """
    service = _service(request)
    with service.permit():
        body = await _read(request, service.limits.body_bytes)
        inquiry, explain = read_one(body, service.limits)
        return Response(await _one(service, inquiry, explain), media_type="application/json")


@router.post(
    "/inspect/batch",
    response_model=BatchResponse,
    responses=_PROBLEMS,
    openapi_extra=_body(
        {"type": "object", "properties": {"requests": {"type": "array", "items": InspectRequest.model_json_schema()}}},
        examples.BATCH,
    ),
    summary="Inspect several tool calls",
)
async def inspect_batch(request: Request) -> Response:
    """Inspect several calls; the answers come in the order of the requests.

    A request that cannot be decided (the audit trail is unavailable) has a problem in its place.
    """
    service = _service(request)
    with service.permit():
        body = await _read(request, service.limits.body_bytes)
        inquiries = read_batch(body, service.limits, service.max_batch)

        async def answer(inquiry: Inquiry, explain: bool) -> str:
            """Answer one request, with a problem where it could not be decided."""
            try:
                return await _one(service, inquiry, explain)
            except FirewallError as error:
                service.metrics.refused.labels(error.code).inc()
                return bytes(problem(error).body).decode()

        answers = await asyncio.gather(*(answer(*item) for item in inquiries))
        return Response(f'{{"results": [{", ".join(answers)}]}}', media_type="application/json")


@router.post(
    "/inspect/stream",
    response_class=Response,
    responses=_PROBLEMS
    | {200: {"content": {MEDIA_TYPE: {"schema": StreamEnd.model_json_schema()}}, "description": "Server-sent events."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": {"type": "string"}, "examples": examples.STREAM}},
        }
    },
    summary="Inspect a result while it arrives",
)
async def inspect_stream(request: Request) -> Response:
    """Inspect a plain text that the gateway receives piece by piece, one line of JSON each.

    The first line is the request of /inspect without its `result`, then come lines `{"text": "..."}`, then
    `{"end": true}`. Events: `text` (released, in order), `held` (nothing more before the end, and why), and last either
    `final` (what /inspect answers, without the content) or `problem`.
    """
    return await stream_events(request, _service(request))


@router.post(
    "/inspect/tools",
    response_model=ToolsResponse,
    responses=_PROBLEMS,
    openapi_extra=_body(ToolsRequest.model_json_schema(), examples.TOOLS),
    summary="Screen tool definitions",
)
async def inspect_tools(request: Request) -> Response:
    """Screen what a server says of its tools (MCP `tools/list`) before a model reads it.

    Each definition is looked at for orders to the model and for secrets, and held against the registry: whether it is
    the one that was approved, and whether its name passes for another tool's.
    """
    service = _service(request)
    with service.permit():
        began = time.perf_counter()
        body = await _read(request, service.limits.body_bytes)
        inquiry, explain = read_tools(body, service.limits, service.max_tools)
        screening = await screen(service.runtime.pipeline, inquiry)
        service.count_listing(screening, time.perf_counter() - began)
        answer = write_tools(screening, service.rules_by_id if explain else None)
        return Response(answer, media_type="application/json")


@router.post(
    "/restore",
    response_model=RestoreResponse,
    responses=_PROBLEMS | dict.fromkeys((403, 410), _PROBLEM),
    openapi_extra=_body(RestoreRequest.model_json_schema(), examples.RESTORE),
    summary="Give the originals of redacted content back",
)
async def restore_content(request: Request) -> Response:
    """Replace the tokens in a content by what they stand for: all of them, or none.

    Only for the tenant, session and purpose under which they were made, and where the policy allows that purpose to
    this caller. Every request is recorded, whatever came of it.
    """
    service = _service(request)
    with service.permit():
        body = await _read(request, service.limits.body_bytes)
        inquiry = read_restore(body, service.limits)
        restoration = await restore(service.runtime.pipeline, inquiry)
        return Response(write_restore(restoration), media_type="application/json")


@router.get("/healthz", summary="The process answers")
async def healthz() -> dict[str, str]:
    """Say that the process is alive; for liveness probes."""
    return {"status": "ok"}


@router.get("/readyz", summary="Models are loaded and rules are valid", responses={503: {"description": "Not ready"}})
async def readyz(request: Request) -> Response:
    """Say whether calls can be decided, and under what; for readiness probes."""
    status, body = _service(request).readiness()
    return Response(json.dumps(body), status, media_type="application/json")


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Expose the metrics in Prometheus' text format."""
    return Response(generate_latest(_service(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)
