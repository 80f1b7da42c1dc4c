"""The wire of /inspect/stream: lines of JSON in, server-sent events out, both while the other is still going on.

What goes wrong before the first event is a problem as everywhere; later it is the last event, with the same body.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import Request, Response
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from firewall.api.answer import told
from firewall.api.problems import problem
from firewall.api.service import Service
from firewall.api.wire import EnvelopeBody, InspectResponse, Wire, envelope, inquiry_of, members
from firewall.errors import FirewallError, InvalidRequestError, LimitExceededError, UnsupportedMediaTypeError
from firewall.payload.document import Document, decode, from_text, parse, plain
from firewall.pipeline import Inquiry
from firewall.stream import Event, Finished, Held, Released, Stream
from firewall.telemetry import log
from firewall.vocabulary import SkipReason

MEDIA_TYPE = "text/event-stream"
_LINES = "application/x-ndjson"
_REASONS = {"malformed": SkipReason.ENCODING, "invalid_request": SkipReason.ENCODING, "too_large": SkipReason.BUDGET}


class StreamLine(Wire):
    """A line of the request: the envelope of /inspect first, then texts, then the end."""

    text: str | None = Field(None, description="What comes next of the result, a plain text.")
    end: bool | None = Field(None, description="True: this was all. Without it the stream counts as broken off.")


class StreamEnd(InspectResponse):
    """The last event: what /inspect answers, without the content, which was released before."""

    released: int = Field(description="Code points of the texts that were released.")
    complete: bool = Field(description="False where the decision was to block and what is left was withheld.")


class EventStream(Response):
    """A response that is written while the body of the request is still read."""

    def __init__(self, run: Callable[[Send], Awaitable[None]]) -> None:
        """Take what writes the body, given where to write it."""
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Connection": "close"})
        del self.headers["content-length"]
        self.headers["content-type"] = f"{MEDIA_TYPE}; charset=utf-8"
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - what an application takes
        """Send the head, whatever the writer writes, and the end."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._run(send)
        await send({"type": "http.response.body", "body": b""})


async def inspect_stream(request: Request, service: Service) -> Response:
    """Read the envelope, and answer with events from there on. Raises what may be wrong with the envelope."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _LINES:
        raise UnsupportedMediaTypeError(f"the content type is {_LINES}")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaTypeError("the body is sent without content encoding")
    with contextlib.ExitStack() as stack:
        stack.enter_context(service.permit())
        until = asyncio.get_running_loop().time() + service.stream_s
        lines = _lines(request, service.limits.body_bytes)
        try:
            async with asyncio.timeout_at(until):
                head = await anext(lines, b"")
        except TimeoutError:
            raise InvalidRequestError("the envelope did not come in time") from None
        inquiry, explain = _read_head(head, service)
        talk = _Talk(service, inquiry, lines, until, explain=explain)
        held = stack.pop_all()

        async def run(send: Send) -> None:
            """Hold the permit as long as the stream goes on."""
            with held:
                await talk.run(send)

        return EventStream(run)


class _Talk:
    """One stream on the wire, up to the time `until` of the loop's clock."""

    def __init__(
        self, service: Service, inquiry: Inquiry, lines: AsyncIterator[bytes], until: float, *, explain: bool
    ) -> None:
        """Begin the stream. Raises what `Stream` raises."""
        self._service, self._inquiry, self._lines, self._until = service, inquiry, lines, until
        self._explain = explain
        self._send: Send | None = None
        self._began = time.perf_counter()
        self._stream = Stream(service.runtime.pipeline, inquiry, service.limits, self._tell)

    async def run(self, send: Send) -> None:
        """Read lines and write events until either side is done. Whatever happens, there is a record."""
        self._send = send
        reason = SkipReason.DEADLINE  # what does not come, or is not fetched
        try:
            await self._stream.begin()
            await self._read()
        except FirewallError as error:
            reason = _REASONS.get(error.code, SkipReason.UNAVAILABLE)
            await self._fail(error, reason)
        except TimeoutError:
            await self._fail(InvalidRequestError("the stream took longer than it may"), reason)
        except (ClientDisconnect, OSError):
            pass
        except Exception as error:  # noqa: BLE001 - a bug; the receiver must know that this is not all
            log.error("internal error", error_type=type(error).__name__)
            reason = SkipReason.CRASH
            await self._fail(FirewallError("An internal error; nothing more was decided."), reason)
        finally:
            if not self._stream.over:
                await self._stream.abandon(reason)

    async def _read(self) -> None:
        service = self._service
        while True:
            async with asyncio.timeout_at(self._until):
                line = await anext(self._lines, None)
            if line is None:
                raise InvalidRequestError('the body ends without {"end": true}')
            piece = _read_line(line, service)
            if piece is None:
                inspection = await self._stream.end()
                service.count(self._inquiry, inspection, time.perf_counter() - self._began)
                return
            await self._stream.add(piece)

    async def _fail(self, error: FirewallError, reason: SkipReason) -> None:
        """Record that the stream broke off, and say why."""
        self._service.metrics.refused.labels(error.code).inc()
        log.info("refused", code=error.code, status=error.status)
        audit_id = await self._stream.abandon(reason)
        body = json.loads(bytes(problem(error).body))
        more = {"audit_id": audit_id, "released": self._stream.released}
        with contextlib.suppress(TimeoutError, OSError):
            await self._write("problem", json.dumps(body | more))

    async def _tell(self, event: Event) -> None:
        match event:
            case Released(text):
                await self._write("text", json.dumps({"text": text}, ensure_ascii=False))
            case Held(reason):
                await self._write("held", json.dumps({"reason": reason}))
            case Finished(inspection, released, complete):
                answer = await told(inspection, explained=self._explain, content=False)
                more = json.dumps({"released": released, "complete": complete})
                await self._write("final", f"{answer[:-1]}, {more[1:]}")

    async def _write(self, name: str, data: str) -> None:
        """Send one event, and wait for a receiver that is slow, as long as there is time."""
        if self._send is not None:
            async with asyncio.timeout_at(max(self._until, asyncio.get_running_loop().time() + 1)):
                body = f"event: {name}\ndata: {data}\n\n".encode()
                await self._send({"type": "http.response.body", "body": body, "more_body": True})


async def _lines(request: Request, most: int) -> AsyncIterator[bytes]:
    """Yield the lines of a body of at most `most` bytes as they arrive; blank ones are left out."""
    pending: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise LimitExceededError(f"the body is larger than {most} bytes")
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            pending.append(line)
            joined = b"".join(pending).strip()
            pending.clear()
            if joined:
                yield joined
        if rest:
            pending.append(rest)
    last = b"".join(pending).strip()
    if last:
        yield last


def _read_head(line: bytes, service: Service) -> tuple[Inquiry, bool]:
    """Turn the first line into an inquiry without a payload, and whether to explain."""
    document = parse(decode(line, service.limits), service.limits)
    model = envelope(EnvelopeBody, document, members(document))
    return inquiry_of(model, from_text("")), model.explain


def _read_line(line: bytes, service: Service) -> str | None:
    """Return the text of a line; None for the end. Raises the errors of `payload` and InvalidRequestError."""
    document: Document = parse(decode(line, service.limits), service.limits)
    names = members(document)
    model = envelope(StreamLine, document, names)
    if names == {"text"} and model.text is not None:
        return plain(document.sub("/text"))
    if names == {"end"} and model.end:
        return None
    raise InvalidRequestError('a line is {"text": "..."} or {"end": true}')
