"""Errors on the wire: RFC 9457 problem details, with the pointer of the place and never a word of the payload."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from firewall.errors import FirewallError, OverloadedError
from firewall.payload.document import safe_pointer
from firewall.telemetry import Metrics, log

MEDIA_TYPE = "application/problem+json"
_TITLES = {404: "Not found", 405: "Method not allowed"}


def problem(error: FirewallError) -> Response:
    """Write one of our errors as a problem."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.pointer is not None:
        body["pointer"] = safe_pointer(error.pointer)
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, OverloadedError) else {}
    if error.status in (413, 415):  # what is left of the body is not read
        headers["Connection"] = "close"
    return Response(json.dumps(body), error.status, headers, MEDIA_TYPE)


def install(app: FastAPI, metrics: Metrics) -> None:
    """Answer every error of the application with a problem."""

    async def ours(_: Request, error: Exception) -> Response:
        """Answer one of our own errors."""
        if not isinstance(error, FirewallError):
            raise error
        metrics.refused.labels(error.code).inc()
        log.info("refused", code=error.code, status=error.status)
        return problem(error)

    async def http(_: Request, error: Exception) -> Response:
        """Answer what the router refused."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        title = _TITLES.get(status, "Request refused")
        body = {"type": "about:blank", "title": title, "status": status, "detail": f"{title}.", "code": "http"}
        return Response(json.dumps(body), status, getattr(error, "headers", None), MEDIA_TYPE)

    async def bug(_: Request, error: Exception) -> Response:
        """Answer what nobody expected, without a word of it."""
        metrics.refused.labels("internal").inc()
        log.error("internal error", error_type=type(error).__name__)
        return problem(FirewallError("An internal error; nothing was decided."))

    handlers: list[tuple[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]] = [
        (FirewallError, ours),
        (HTTPException, http),
        (Exception, bug),
    ]
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)
